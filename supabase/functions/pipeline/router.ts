import { createApp } from "../_shared/app.ts";
import { listStages } from "./list_stages.ts";
import { replaceStages } from "./replace_stages.ts";
import { pipelineSummary } from "./summary.ts";

/** The organization's stages and the number of leads in each. */
export const router = createApp("pipeline");

listStages(router);
replaceStages(router);
pipelineSummary(router);
