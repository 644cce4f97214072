import { createApp } from "../_shared/app.ts";
import { arkeselDelivery } from "./arkesel_delivery.ts";
import { twilioInbound } from "./twilio_inbound.ts";
import { twilioStatus } from "./twilio_status.ts";

/** Called by providers: each request is verified by the provider's signature or by our signed token in its URL. */
export const router = createApp("webhooks", {
  callers: "public",
  maxBodyBytes: 256 * 1024,
  document: "none",
});

twilioStatus(router);
twilioInbound(router);
arkeselDelivery(router);
