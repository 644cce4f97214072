import { createApp } from "../_shared/app.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { createCustomer } from "./create.ts";
import { customersDashboard } from "./dashboard.ts";
import { deleteCustomer } from "./delete.ts";
import { exportCustomers } from "./export.ts";
import { getCustomer } from "./get.ts";
import { listCustomers } from "./list.ts";
import { updateCustomer } from "./update.ts";

/** Customers of a utility and their dashboard. */
export const router = createApp("customers", { ready: loadPhoneNumbers });

listCustomers(router);
createCustomer(router);
customersDashboard(router);
exportCustomers(router);
getCustomer(router);
updateCustomer(router);
deleteCustomer(router);
