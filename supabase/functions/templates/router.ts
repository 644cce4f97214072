import { createApp } from "../_shared/app.ts";
import { createTemplate } from "./create.ts";
import { deleteTemplate } from "./delete.ts";
import { getTemplate } from "./get.ts";
import { listTemplates } from "./list.ts";
import { renderTemplate } from "./render.ts";
import { updateTemplate } from "./update.ts";

/** Message templates, their variants, and their rendering for one recipient. */
export const router = createApp("templates");

listTemplates(router);
createTemplate(router);
getTemplate(router);
updateTemplate(router);
deleteTemplate(router);
renderTemplate(router);
