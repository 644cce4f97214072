import { z } from "../_shared/zod.ts";
import { Id } from "../_shared/fields.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";

/** An e-mail address; compared in lower case everywhere. */
export const Email = z.string().trim().toLowerCase().max(254).pipe(z.email())
  .openapi({ type: "string", format: "email", example: "ama@nileutility.com" });

/** A name in one line. */
export const Name = z.string().trim().min(1).max(200).refine(
  isPlain,
  plainMessage,
);

/** A new password. bcrypt reads 72 bytes. */
export const NewPassword = z.string().min(8, "must have at least 8 characters")
  .refine((text) => new TextEncoder().encode(text).length <= 72, "must have at most 72 bytes")
  .refine(isPlain, plainMessage)
  .openapi({ format: "password", minLength: 8, maxLength: 72, example: "correct horse battery" });

/** The token of a solved captcha, which is passed on to Supabase Auth. */
export const CaptchaToken = z.string().regex(/^[\x21-\x7e]{1,4000}$/, "is not a token").optional()
  .openapi({ description: "Where the project asks for a captcha: the token of a solved one" });

const Tokens = {
  access_token: z.string().openapi({ example: "eyJhbGciOiJFUzI1NiIsImtpZCI6…" }),
  refresh_token: z.string().openapi({ example: "v1.Mr5zKp0a…" }),
  expires_at: z.int().openapi({ description: "Unix seconds", example: 1795239600 }),
};

export const SessionUser = z.object({
  id: Id,
  email: z.string().openapi({ example: "ama@nileutility.com" }),
  full_name: z.string().openapi({ example: "Ama Mensah" }),
}).openapi("SessionUser");

export const SignedIn = z.object({ ...Tokens, user: SessionUser })
  .openapi("Session", { description: "Send access_token as a bearer token" });

export const Registered = z.object({
  access_token: Tokens.access_token.nullable(),
  refresh_token: Tokens.refresh_token.nullable(),
  expires_at: Tokens.expires_at.nullable(),
  user: SessionUser,
  organization_id: Id,
  confirmation_required: z.boolean().openapi({
    description:
      "Whether the address must be confirmed before the first sign-in; the tokens are null then",
    example: false,
  }),
}).openapi("Registration");
