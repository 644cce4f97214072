import { createApp } from "../_shared/app.ts";
import { inviteUser } from "./create.ts";
import { removeUser } from "./delete.ts";
import { getUser } from "./get.ts";
import { listInvitations, withdrawInvitation } from "./invitations.ts";
import { listUsers } from "./list.ts";
import { updateUser } from "./update.ts";

/** The people of the organization. */
export const router = createApp("users");

listUsers(router);
inviteUser(router);
listInvitations(router);
withdrawInvitation(router);
getUser(router);
updateUser(router);
removeUser(router);
