import { createApp } from "../_shared/app.ts";
import { createCampaign } from "./create.ts";
import { deleteCampaign } from "./delete.ts";
import { getCampaign } from "./get.ts";
import { moveCampaigns } from "./lifecycle.ts";
import { listCampaigns } from "./list.ts";
import { openCampaignSocket } from "./live/socket.ts";
import { streamCampaign } from "./live/stream.ts";
import { previewCampaign } from "./preview.ts";
import { listTargets } from "./targets.ts";
import { updateCampaign } from "./update.ts";

/** Marketing messages to an audience of leads. */
export const router = createApp("campaigns");

listCampaigns(router);
createCampaign(router);
getCampaign(router);
updateCampaign(router);
deleteCampaign(router);
previewCampaign(router);
moveCampaigns(router);
listTargets(router);
streamCampaign(router);
openCampaignSocket(router);
