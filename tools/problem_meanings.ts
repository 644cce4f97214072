/** Codes that are put together from a status: the expression in the source, and what it can be. */
export const NAMED_BY_STATUS: Record<string, string[]> = {
  "`run_${status}`": ["run_refused", "run_failed", "run_missed"],
};

/** A sentence for each code whose own differs from case to case, by status and code. */
export const MEANINGS: Record<string, string> = {
  "403 field_not_permitted": "A field of the report needs a permission that your role lacks.",
  "403 registration_closed": "Only invited people can register here, or nobody.",
  "409 campaign_state":
    "A completed campaign cannot be paused: `campaign_status` says where it is.",
  "409 incident_type_in_use": "There are issues of a type that you would remove. Keep it.",
  "409 not_repeatable": "The provider accepted this message; it is not sent again.",
  "409 run_failed": "The run of the report could not be done, so there is no file.",
  "409 run_missed": "Nothing ran at the time of this run, so there is no file.",
  "409 run_refused":
    "The owner of the run may not see the report, or its definition no longer fits.",
  "409 values_do_not_fit": "Some leads have values that do not fit the new types of the fields.",
  "409 wrong_state": "The recommendation is already decided, or not accepted yet: see `state`.",
  "409 wrong_status":
    "The client has another status on that day than this movement needs: see `client_status`.",
  "413 file_too_large": "The file is too large. Split it and send the parts.",
  "413 too_many_rows": "The file has too many rows. Split it and send the parts.",
  "415 unsupported_media_type": "The endpoint does not accept this content type.",
  "422 campaign_incomplete": "The campaign cannot start yet; `errors` says what is missing.",
  "422 country_not_allowed": "The number belongs to a country that the organization does not text.",
  "422 credentials_refused": "The service refused these credentials; nothing was stored.",
  "422 field_removed": "A field of a saved report does not exist any more.",
  "422 header_not_found":
    "No row with column names was found at the top of the file. Give its number as `header_row`.",
  "422 invalid_phone": "The number cannot be texted: it is no valid phone number.",
  "422 invalid_template": "The text cannot be a template: `errors` says where it is wrong.",
  "422 invalid_value": "A filter of the report compares with a value that its field cannot have.",
  "422 not_groupable": "A report cannot be grouped by this field.",
  "422 not_sortable": "A report cannot be sorted by this field.",
  "422 protected_name":
    "This name would pass for somebody else's. Only an operator of the platform assigns it.",
  "422 test_mail_failed":
    "The mail server did not take a test e-mail; nothing was stored. The text says what it answered.",
  "422 too_many_recipients": "The list or filter has more recipients than one request may have.",
  "422 too_many_rows": "The list has more rows than one request may have.",
  "422 unknown_field": "The source of the report has no such field or measure.",
  "422 unknown_function": "The field cannot be aggregated with this function.",
  "422 unknown_operator": "The field cannot be compared with this operator.",
  "422 unknown_reference": "The record refers to something that does not exist.",
  "422 unknown_source": "Reports have no such source.",
  "422 unknown_variable": "The text has unknown variables; `errors` names the known ones.",
  "502 provider_failed":
    "The service did not say whether the credentials are right. Nothing was stored; try again later.",
};
