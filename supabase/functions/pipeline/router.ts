import { createApp } from "../_shared/app.ts";
import { listStages } from "./list_stages.ts";
import { replaceStages } from "./replace_stages.ts";
import { pipelineSummary } from "./summary.ts";

/** The organization's stages and how many leads stand in each. */
export const router = createApp("pipeline");

listStages(router);
replaceStages(router);
pipelineSummary(router);
