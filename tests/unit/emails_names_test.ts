import assert from "node:assert/strict";
import { nameInMail } from "../../supabase/functions/_shared/mail/name.ts";
import { renderMail } from "../../supabase/functions/_shared/mail/template.ts";

Deno.test("Names in mails keep what names have", () => {
  for (
    const name of [
      "Demo Power",
      "O'Brien & Sons",
      "N’Golo Kanté",
      "St. Mary's",
      "Ćwik-Łęcka",
      "株式会社 電力",
      "3 Brothers Ltd.",
    ]
  ) assert.equal(nameInMail(name), name);
});

Deno.test("Names in mails have no links, numbers to call, quotation marks or lines", () => {
  const cases: [string, string | undefined][] = [
    ["You won 5000 EUR: http://evil.test/claim", "You won 5000 EUR"],
    ["Your Bank (https://evil.test?x=1) now", "Your Bank now"],
    ["evil.test/claim", "evil test claim"],
    ["Visit www.evil.test today", "Visit today"],
    ["evil。test", "evil test"],
    ["Write to me@evil.test", "Write to"],
    ["Call +233 24 410 0101 now", "Call now"],
    ['A" joined. "Your account', "A joined. Your account"],
    ["‘quoted’ «twice»", "quoted twice"],
    ["Line\r\nBcc: x@evil.test", "Line Bcc"],
    ["http://evil.test", undefined],
    ["", undefined],
  ];
  for (const [name, expected] of cases) assert.equal(nameInMail(name), expected, name);
  assert.equal([...nameInMail("é".repeat(200)) ?? ""].length, 80);
});

Deno.test("An invitation cannot carry a message of the inviter's", () => {
  const mail = renderMail({
    kind: "invitation",
    name: null,
    data: {
      token: "t",
      invited_by_name: "Your Bank http://evil.test/login",
      role_name: "Admin: log in at evil.test",
      expires_at: "2026-11-30T10:00:00Z",
    },
    organization: {
      name: "You won 5000 EUR: http://evil.test/claim",
      locale: "en",
      country: "GH",
      time_zone: "Africa/Accra",
    },
  }, "https://app.example.com");
  for (const part of [mail.subject, mail.text, mail.html, mail.fromName]) {
    assert(!part.includes("evil.test"), part);
  }
});
