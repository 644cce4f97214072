import assert from "node:assert/strict";
import {
  callableAddresses,
  isCallable,
  RefusedAddress,
  type WebhookRules,
} from "../../supabase/functions/_shared/webhooks/address.ts";

/** Addresses that must not be called: private, special, clouds' metadata, and IPv4 hidden in IPv6. */
const refused =
  `0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.1.2.3 169.254.169.254
  169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1
  203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::8.8.8.8 ::808:808
  64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:db8::1 2001:10::1 2001:20::1 2002:808:808::1
  3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1`.split(/\s+/);

const rules = (
  answers: Record<string, string[]>,
  more: Partial<WebhookRules> = {},
): WebhookRules => ({
  resolve: (name) => Promise.resolve(answers[name] ?? []),
  allowedNetworks: [],
  ownHosts: ["project.supabase.co"],
  ...more,
});

const refusal = (url: string, answers: Record<string, string[]> = {}, more = {}) =>
  assert.rejects(
    callableAddresses(new URL(url), rules(answers, more)),
    RefusedAddress,
    `${url} is refused`,
  );

Deno.test("All addresses but global unicast are refused, as literals and as answers", async () => {
  for (const address of refused) {
    assert.equal(isCallable(address), false, address);
    await refusal(`https://${address.includes(":") ? `[${address}]` : address}/`);
    await refusal("https://hooks.example.com/", { "hooks.example.com": [address] });
    await refusal("https://hooks.example.com/", { "hooks.example.com": ["8.8.8.8", address] });
  }
  for (const address of ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"]) {
    assert.equal(isCallable(address), true, address);
  }
});

Deno.test("Spellings of inner addresses, inner names and other forms are refused", async () => {
  const spellings =
    "2130706433 0x7f.1 0177.0.0.1 127.1 127。0。0。1 ①②⑦.0.0.1 0 localhost localhost. " +
    "db.local metadata.google.internal router.home.arpa a.localhost intranet project.supabase.co";
  for (const host of spellings.split(" ")) await refusal(`https://${host}/`);
  const answers = { "hooks.example.com": ["8.8.8.8"] };
  for (
    const url of [
      "http://hooks.example.com/",
      "https://a@hooks.example.com/",
      "https://a:b@hooks.example.com/",
      "https://hooks.example.com:22/",
      "ftp://hooks.example.com/",
    ]
  ) {
    await refusal(url, answers);
  }
  await refusal("https://nobody.example.com/");
  await refusal("https://169.254.169.254.nip.io/", {
    "169.254.169.254.nip.io": ["169.254.169.254"],
  });
});

Deno.test("A public host passes with all its addresses, AAAA only too", async () => {
  const answers = {
    "hooks.example.com": ["8.8.8.8", "2606:4700::1"],
    "six.example.com": ["2606:4700::1"],
  };
  const of = (url: string) => callableAddresses(new URL(url), rules(answers));
  assert.deepEqual(await of("https://hooks.example.com/a?b"), ["8.8.8.8", "2606:4700::1"]);
  assert.deepEqual(await of("https://six.example.com:8443/"), ["2606:4700::1"]);
});

Deno.test("An operator may allow networks, by http too, but no metadata service", async () => {
  const local = { allowedNetworks: ["127.0.0.0/8", "169.254.0.0/16"] };
  assert.deepEqual(
    await callableAddresses(new URL("http://127.0.0.1:8080/"), rules({}, local)),
    ["127.0.0.1"],
  );
  await refusal("http://10.0.0.1:8080/", {}, local);
  await refusal("http://169.254.169.254/", {}, local);
  await refusal("http://hooks.example.com:8080/", { "hooks.example.com": ["8.8.8.8"] }, local);
});
