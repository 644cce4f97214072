import { env } from "../env.ts";
import { resolveByDns, type WebhookRules } from "./address.ts";

/** Where webhooks of this deployment may go. */
export function deploymentRules(): WebhookRules {
  const hosts = [env.publicUrl(), env.supabaseUrl()].map((url) => new URL(url).host);
  return {
    resolve: resolveByDns,
    allowedNetworks: env.webhookAllowedNetworks(),
    ownHosts: [...new Set(hosts)],
  };
}
