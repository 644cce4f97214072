import { z } from "../../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../../_shared/fields.ts";
import { isMultiline, multilineMessage } from "../../_shared/plain_text.ts";
import { line } from "../input.ts";

export const Student = z.object({
  id: Id,
  lead_id: Id,
  first_name: z.string().openapi({ example: "Esi" }),
  last_name: z.string().openapi({ example: "Mensah" }),
  birth_date: z.string().nullable().openapi({ example: "2008-05-17" }),
  grade: z.string().nullable().openapi({ example: "SHS 3" }),
  school: z.string().nullable().openapi({ example: "Wesley Girls' High School" }),
  notes: z.string().nullable(),
  created_by: Id.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("Student");

export const StudentInput = z.object({
  first_name: line(100).pipe(z.string().min(1)).openapi({ type: "string", example: "Esi" }),
  last_name: line(100).optional().openapi({ example: "Mensah" }),
  birth_date: z.iso.date().pipe(z.string().refine((day) => day >= "1900", "is too long ago"))
    .nullable().optional()
    .openapi({ type: ["string", "null"], format: "date", example: "2008-05-17" }),
  grade: line(50).nullable().optional().openapi({ type: ["string", "null"], example: "SHS 3" }),
  school: line(200).nullable().optional().openapi({
    type: ["string", "null"],
    example: "Wesley Girls' High School",
  }),
  notes: z.string().trim().max(5_000).refine(isMultiline, multilineMessage).nullable().optional()
    .openapi({ example: "Wants a hostel" }),
}).openapi("StudentInput");

export const StudentChange = StudentInput.partial().openapi("StudentChange");

/** `{id}` and `{student_id}` in a path. */
export const StudentParams = z.object({
  id: z.uuid().openapi({ param: { name: "id", in: "path" } }),
  student_id: z.uuid().openapi({ param: { name: "student_id", in: "path" } }),
});

/** A database row as the API's student. */
export function toStudent(row: unknown): z.infer<typeof Student> {
  const student = Student.parse(row);
  return {
    ...student,
    created_at: isoTime(student.created_at),
    updated_at: isoTime(student.updated_at),
  };
}
