import ipaddr from "ipaddr.js";

/** The addresses (IPv4 and IPv6) of a name; empty if it has none. */
export type Resolve = (name: string, signal?: AbortSignal) => Promise<string[]>;

/** Where webhooks may go. */
export interface WebhookRules {
  resolve: Resolve;
  /** Networks (CIDR) that are allowed although they are not public, by http too: for the local stack. */
  allowedNetworks: string[];
  /** Hosts of the project itself, which must not call itself. */
  ownHosts: string[];
}

/** Why a URL is refused; the sentence is for its owner. */
export class RefusedAddress extends Error {}

/**
 * Closed even where an operator allows networks around them: metadata services of clouds (168.63.129.16 is Azure's), and
 * IPv4 addresses as IPv6, which ipaddr.js takes for unicast when they are written without dots.
 */
const closed = [
  "169.254.0.0/16",
  "168.63.129.16/32",
  "100.100.100.200/32",
  "fd00:ec2::/32",
  "::/96",
].map((network) => ipaddr.parseCIDR(network));

type Network = ReturnType<typeof ipaddr.parseCIDR>;

const isIn = (address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Network): boolean =>
  address.kind() === network.kind() && address.match(network, bits);

/** The names of a host that only its own network knows (RFC 6761, 6762, 8375). */
const innerName = /(^|\.)(localhost|local|internal|home\.arpa)$/;

/**
 * Whether an address may be called: global unicast, or in one of the allowed networks. Forms that hide an IPv4 address in
 * an IPv6 one (mapped, NAT64, 6to4, Teredo) are refused whatever they hide.
 */
export function isCallable(address: string, allowedNetworks: string[] = []): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (closed.some((network) => isIn(parsed, network))) return false;
  return parsed.range() === "unicast" ||
    allowedNetworks.some((network) => isIn(parsed, ipaddr.parseCIDR(network)));
}

/** Whether two spellings are of one address. */
export const isSameAddress = (one: string, other: string): boolean =>
  ipaddr.parse(one).toNormalizedString() === ipaddr.parse(other).toNormalizedString();

/** The host without the brackets of IPv6 and the dot at the end. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");

function checkHost(host: string): void {
  if (!ipaddr.isValid(host) && (!host.includes(".") || innerName.test(host))) {
    throw new RefusedAddress("The host must have a public name.");
  }
}

/**
 * The addresses that a host stands for now, all of which may be called.
 * @throws RefusedAddress if one may not, the name is not public, or it has no address.
 */
export async function callableHost(
  host: string,
  { resolve, allowedNetworks }: WebhookRules,
  signal?: AbortSignal,
): Promise<string[]> {
  checkHost(host);
  const addresses = ipaddr.isValid(host) ? [host] : await resolve(host, signal);
  if (addresses.length === 0) throw new RefusedAddress("The host's name has no address.");
  if (addresses.some((address) => !isCallable(address, allowedNetworks))) {
    throw new RefusedAddress("The host must have public addresses only.");
  }
  return addresses;
}

function checkForm(url: URL, { ownHosts, allowedNetworks }: WebhookRules): void {
  const host = hostOf(url);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && allowedNetworks.length > 0)) {
    throw new RefusedAddress("The URL must begin with https://.");
  }
  if (url.username !== "" || url.password !== "") {
    throw new RefusedAddress("The URL must not have a user name or password.");
  }
  if (url.port !== "" && Number(url.port) < 1024) {
    throw new RefusedAddress("The port must be 443 or at least 1024.");
  }
  checkHost(host);
  if (ownHosts.includes(url.host) || ownHosts.includes(host)) {
    throw new RefusedAddress("The URL must not be of this service itself.");
  }
}

/**
 * The addresses that a webhook's URL stands for now, all of which may be called.
 * @throws RefusedAddress if its form, or any of its addresses, is not allowed, or the name has none.
 */
export async function callableAddresses(
  url: URL,
  rules: WebhookRules,
  signal?: AbortSignal,
): Promise<string[]> {
  checkForm(url, rules);
  const addresses = await callableHost(hostOf(url), rules, signal);
  if (url.protocol === "http:" && addresses.some((address) => isCallable(address))) {
    throw new RefusedAddress("The URL must begin with https://.");
  }
  return addresses;
}

/** The addresses by DNS, IPv4 first. A name that cannot be found has none. */
export const resolveByDns: Resolve = async (name, signal) => {
  const answers = await Promise.all(
    (["A", "AAAA"] as const).map((type) =>
      Deno.resolveDns(name, type, signal === undefined ? {} : { signal }).catch((error) => {
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      })
    ),
  );
  return answers.flat();
};
