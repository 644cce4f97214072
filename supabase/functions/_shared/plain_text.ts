/**
 * Whether text is one line that can be stored: no control characters (U+0000 among them), lone surrogates, line
 * separators or overrides of the writing direction. The database checks the same (`private.is_plain`).
 */
export const isPlain = (text: string): boolean =>
  !/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(text);

/** Whether text of several lines can be stored: tabs and line breaks are allowed (`private.is_multiline`). */
export const isMultiline = (text: string): boolean => !/[^\P{Cc}\t\n\r\u0085]|\p{Cs}/u.test(text);

/** The message of a field that is not plain. */
export const plainMessage = "must be one line of plain text";

/** The message of a field that is not. */
export const multilineMessage = "must be text without control characters";
