import { CARRIER_CREDENTIALS } from "../local/carrier/credentials.ts";
import { CALLBACK_SIGNING_SECRET } from "../local/keys.ts";
import { signCallback } from "../supabase/functions/_shared/messaging/callback_token.ts";
import { twilioSignature } from "../supabase/functions/_shared/messaging/twilio_signature.ts";
import { customers, workbook } from "../tests/fixtures/sheets.ts";
import type { ApiRequest } from "./support/api.ts";
import { phoneOf } from "./support/numbers.ts";

/** What requests refer to; some of it comes from the answers of earlier ones. */
export interface World {
  apiUrl: string;
  customer: string;
  otherCustomer: string;
  message: string;
  upload: string;
  batch: string;
  refreshToken: string;
  recoveryToken: string;
}

/** Makes an endpoint's request, apart from method and path; null parts are filled in from the OpenAPI document. */
type Call = (
  world: World,
) => Partial<ApiRequest> & { params?: Record<string, string>; query?: string };

const text = "Dear {{name}}, you owe {{arrears}}.";
const customer = (number: number) => ({
  name: "Esi Boateng",
  account_number: `RT-${number}`,
  phone: phoneOf(number),
  arrears: "12.50",
});

function spreadsheet(): FormData {
  const form = new FormData();
  const bytes = Uint8Array.from(workbook({ Arrears: customers(10) }));
  form.set("file", new File([bytes], "arrears.xlsx"));
  return form;
}

/** A request of Twilio's, signed as the platform's own account signs. */
function fromTwilio(
  world: World,
  path: string,
  fields: Record<string, string>,
): Partial<ApiRequest> {
  const form = { AccountSid: CARRIER_CREDENTIALS.twilioAccountSid, ...fields };
  const url = `${world.apiUrl}/functions/v1/webhooks${path}`;
  const signature = twilioSignature(CARRIER_CREDENTIALS.twilioAuthToken, url, form);
  return { body: new URLSearchParams(form), headers: { "x-twilio-signature": signature } };
}

/** Arkesel's report about a message; the token in the URL says that it may speak of it. */
function fromArkesel(world: World) {
  const token = signCallback(CALLBACK_SIGNING_SECRET, world.message);
  const report = { sms_id: world.message, status: "DELIVERED" };
  return { token, report };
}

/** A request for each endpoint, by operation id, in an order in which each finds what it needs. */
export const calls: Record<string, Call> = {
  getHealth: () => ({}),
  getOpenApiDocument: () => ({}),
  login: () => ({ body: { email: "viewer@demo.signalbox.test", password: "demo-only-password" } }),
  refreshSession: (world) => ({ body: { refresh_token: world.refreshToken } }),
  getMe: () => ({}),
  register: () => ({
    body: {
      email: `bench-${crypto.randomUUID()}@signalbox.test`,
      password: "correct horse battery",
      full_name: "Bench Person",
      organization_name: `Bench ${crypto.randomUUID()}`,
    },
  }),
  forgotPassword: () => ({ body: { email: "manager@demo.signalbox.test" } }),
  resetPassword: (world) => ({
    body: { token_hash: world.recoveryToken, password: "correct horse battery" },
  }),
  listCustomers: () => ({ query: "status=connected&sort=-arrears" }),
  exportCustomers: () => ({}),
  createCustomer: () => ({ body: customer(1) }),
  getCustomer: (world) => ({ params: { id: world.customer } }),
  updateCustomer: (world) => ({
    params: { id: world.customer },
    body: { name: "Esi Boateng-Annan" },
  }),
  getCustomersDashboard: () => ({}),
  createAction: (world) => ({ body: { customer_id: world.customer, action: "warn" } }),
  createActionBatch: (world) => ({
    body: { actions: [{ customer_id: world.customer, action: "connect" }] },
  }),
  listActions: () => ({}),
  listCustomerActions: (world) => ({ params: { customer_id: world.customer } }),
  uploadExcel: () => ({ body: spreadsheet() }),
  validateCustomers: () => ({ body: { customers: [customer(2)] } }),
  processBatch: (world) => ({
    body: { upload_id: world.upload, action: "disconnect", send_sms: true },
  }),
  listBatches: () => ({}),
  getBatch: (world) => ({ params: { id: world.batch } }),
  sendMessage: () => ({ body: { to: phoneOf(3), message: "Good morning." } }),
  sendBulk: (world) => ({ body: { recipients: [{ customer_id: world.customer }], message: text } }),
  sendWarning: (world) => ({ params: { customer_id: world.customer } }),
  sendDisconnection: (world) => ({ params: { customer_id: world.customer } }),
  sendConnection: (world) => ({ params: { customer_id: world.customer } }),
  getMessageStatus: (world) => ({ params: { message_id: world.message } }),
  listMessages: () => ({ query: "status=queued" }),
  getArkeselDelivery: (world) => {
    const { token, report } = fromArkesel(world);
    return { query: `${new URLSearchParams({ token, ...report })}` };
  },
  postArkeselDelivery: (world) => {
    const { token, report } = fromArkesel(world);
    return { query: `token=${token}`, body: new URLSearchParams(report) };
  },
  receiveTwilioStatus: (world) =>
    fromTwilio(world, "/twilio/status", {
      MessageSid: `SM${"a".repeat(32)}`,
      MessageStatus: "delivered",
    }),
  receiveTwilioMessage: (world) =>
    fromTwilio(world, "/twilio/inbound", {
      MessageSid: `SM${"b".repeat(32)}`,
      From: phoneOf(4),
      To: "+15005550006",
      Body: "Thank you",
    }),
  deleteCustomer: (world) => ({ params: { id: world.otherCustomer } }),
  logout: () => ({}),
};
