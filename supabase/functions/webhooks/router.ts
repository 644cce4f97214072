import { createApp } from "../_shared/app.ts";
import { arkeselDelivery } from "./arkesel_delivery.ts";
import { twilioInbound } from "./twilio_inbound.ts";
import { twilioStatus } from "./twilio_status.ts";

/** What providers call. No token of ours: each request is verified by the provider's signature or our signed token. */
export const router = createApp("webhooks", { callers: "public", maxBodyBytes: 256 * 1024 });

twilioStatus(router);
twilioInbound(router);
arkeselDelivery(router);
