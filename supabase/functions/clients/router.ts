import { createApp } from "../_shared/app.ts";
import { clientFiles } from "../_shared/client_import/kind.ts";
import { importErrors } from "../_shared/file_import/errors_route.ts";
import { previewImport } from "../_shared/file_import/preview_route.ts";
import { importStatus } from "../_shared/file_import/status_routes.ts";
import { importUploads } from "../_shared/file_import/upload_routes.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { churnModel } from "./churn_model.ts";
import { churnModelCharts } from "./churn_model_charts.ts";
import { clientContacts } from "./contacts.ts";
import { createClient } from "./create.ts";
import { deleteClient } from "./delete.ts";
import { exportClients } from "./export.ts";
import { clientFactors } from "./factors.ts";
import { getClient } from "./get.ts";
import { executeClientImport } from "./import/execute.ts";
import { ClientImport, toClientImport } from "./import/schemas.ts";
import { incidentPredictions } from "./incident_predictions.ts";
import { incidentTypes } from "./incident_types.ts";
import { clientInteractions } from "./interactions.ts";
import { clientIssues } from "./issues.ts";
import { clientLinks } from "./links.ts";
import { listClients } from "./list.ts";
import { mergeClients } from "./merge.ts";
import { clientMovements } from "./movements.ts";
import { plays } from "./plays.ts";
import { clientRecommendations } from "./recommendations.ts";
import { clientSegments } from "./segments.ts";
import { churnSettings } from "./settings.ts";
import { updateClient } from "./update.ts";

/**
 * Clients, whom to talk to there, what was talked about, what went wrong and what they pay; their import and export.
 * Fixed paths come before `/{id}`. A file may have 50 MB; the rest is for the form around it.
 */
export const router = createApp("clients", {
  largerBodies: { "/import/preview": 52 * 1024 * 1024 },
  ready: loadPhoneNumbers,
});

listClients(router);
createClient(router);
clientSegments(router);
incidentTypes(router);
churnSettings(router);
churnModel(router);
churnModelCharts(router);
plays(router);
previewImport(router, clientFiles);
executeClientImport(router);
importUploads(router, clientFiles);
importStatus(router, clientFiles, ClientImport, toClientImport);
importErrors(router, clientFiles);
exportClients(router);

getClient(router);
updateClient(router);
deleteClient(router);
mergeClients(router);
clientContacts(router);
clientFactors(router);
clientRecommendations(router);
clientInteractions(router);
clientIssues(router);
incidentPredictions(router);
clientLinks(router);
clientMovements(router);
