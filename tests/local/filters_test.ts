import assert from "node:assert/strict";
import { quoteFilters } from "../../local/data_api/filters.ts";

const cases: [string, string][] = [
  ["phone=eq.+233", 'phone=eq."+233"'],
  ["phone=not.in.(+233,0042)", 'phone=not.in.("+233","0042")'],
  ['name=in.("a,b",c)', 'name=in.("a,b","c")'],
  [
    "or=(a.eq.1,and(b.gt.2,c.in.(3,4)),d.is.null)",
    'or=(a.eq."1",and(b.gt."2",c.in.("3","4")),d.is.null)',
  ],
  [
    'or=(a.eq."x),y",not.and(b.not.eq.1,c.eq.2))',
    'or=(a.eq."x),y",not.and(b.not.eq."1",c.eq."2"))',
  ],
  ["items.or=(a.eq.1,b.eq.2)", 'items.or=(a.eq."1",b.eq."2")'],
  ["tags=eq.{a,b}", "tags=eq.{a,b}"],
  ["details->count=eq.1", "details->count=eq.1"],
  ["details->>count=eq.1", 'details->>count=eq."1"'],
  ["select=eq.1", "select=eq.1"],
  ["order=a.desc", "order=a.desc"],
  ["name=ilike.%a%", "name=ilike.%a%"],
  ["argument=5", "argument=5"],
];
for (const [asked, sent] of cases) {
  Deno.test(`the filter ${asked} is sent as ${sent}`, () => {
    const [name = "", value = ""] = asked.split(/=(.*)/s);
    assert.equal(
      [...quoteFilters(new URLSearchParams([[name, value]]))].map((pair) => pair.join("=")).join(),
      sent,
    );
  });
}
