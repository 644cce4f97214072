import { createApp } from "../_shared/app.ts";
import { apiKeys } from "./api_keys.ts";
import { auditLogs } from "./audit_logs.ts";
import { bulkChangeUsers } from "./bulk_action.ts";
import { createUser } from "./create_user.ts";
import { deleteRole } from "./delete_role.ts";
import { deleteTeam } from "./delete_team.ts";
import { adminHealth } from "./health.ts";
import { impersonation } from "./impersonation.ts";
import { integrations } from "./integrations.ts";
import { permissions } from "./permissions.ts";
import { privacyRequests } from "./privacy.ts";
import { downloadPrivacyExport } from "./privacy_export.ts";
import { recordRefusals } from "./refusals.ts";
import { roles } from "./roles.ts";
import { settings } from "./settings.ts";
import { teams } from "./teams.ts";
import { webhookDeliveries } from "./webhook_deliveries.ts";
import { webhooks } from "./webhooks.ts";
import { listUsers, removeUser, updateUser } from "./users.ts";

/** The admin's console of an organization. */
export const router = createApp("admin", { health: "none" });

router.use(recordRefusals);

listUsers(router);
createUser(router);
bulkChangeUsers(router);
updateUser(router);
removeUser(router);
teams(router);
deleteTeam(router);
settings(router);
permissions(router);
roles(router);
deleteRole(router);
apiKeys(router);
integrations(router);
webhooks(router);
webhookDeliveries(router);
impersonation(router);
auditLogs(router);
privacyRequests(router);
downloadPrivacyExport(router);
adminHealth(router);
