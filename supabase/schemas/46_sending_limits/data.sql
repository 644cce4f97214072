-- Country calling codes, a country and its codes at a time, from libphonenumber's metadata. Codes that several territories
-- share name the largest; 001 is what belongs to no country (satellite phones, premium rate): nobody allows it.
insert into private.calling_codes (prefix, country)
select code, split_part(entry, ' ', 1)
from (values
  ('001 800 808 870 878 881 882 883 888 979, AC 247, AD 376, AE 971, AF 93, AL 355, AM 374, AO 244, AR 54, AT 43'),
  ('AU 61, AW 297, AZ 994, BA 387, BD 880, BE 32, BF 226, BG 359, BH 973, BI 257, BJ 229, BN 673, BO 591'),
  ('BQ 5993 5994 5997, BR 55, BT 975, BW 267, BY 375, BZ 501, CD 243, CF 236, CG 242, CH 41, CI 225, CK 682'),
  ('CL 56, CM 237, CN 86, CO 57, CR 506, CU 53, CV 238, CW 599, CY 357, CZ 420, DE 49, DJ 253, DK 45, DZ 213'),
  ('EC 593, EE 372, EG 20, ER 291, ES 34, ET 251, FI 358, FJ 679, FK 500, FM 691, FO 298, FR 33, GA 241, GB 44'),
  ('GE 995, GF 594, GH 233, GI 350, GL 299, GM 220, GN 224, GP 590, GQ 240, GR 30, GT 502, GW 245, GY 592'),
  ('HK 852, HN 504, HR 385, HT 509, HU 36, ID 62, IE 353, IL 972, IN 91, IO 246, IQ 964, IR 98, IS 354, IT 39'),
  ('JO 962, JP 81, KE 254, KG 996, KH 855, KI 686, KM 269, KP 850, KR 82, KW 965, KZ 76 77, LA 856, LB 961'),
  ('LI 423, LK 94, LR 231, LS 266, LT 370, LU 352, LV 371, LY 218, MA 212, MC 377, MD 373, ME 382, MG 261'),
  ('MH 692, MK 389, ML 223, MM 95, MN 976, MO 853, MQ 596, MR 222, MT 356, MU 230, MV 960, MW 265, MX 52, MY 60'),
  ('MZ 258, NA 264, NC 687, NE 227, NF 672, NG 234, NI 505, NL 31, NO 47, NP 977, NR 674, NU 683, NZ 64, OM 968'),
  ('PA 507, PE 51, PF 689, PG 675, PH 63, PK 92, PL 48, PM 508, PS 970, PT 351, PW 680, PY 595, QA 974, RE 262'),
  ('RO 40, RS 381, RU 7, RW 250, SA 966, SB 677, SC 248, SD 249, SE 46, SG 65, SH 290, SI 386, SK 421, SL 232'),
  ('SM 378, SN 221, SO 252, SR 597, SS 211, ST 239, SV 503, SY 963, SZ 268, TD 235, TG 228, TH 66, TJ 992'),
  ('TK 690, TL 670, TM 993, TN 216, TO 676, TR 90, TV 688, TW 886, TZ 255, UA 380, UG 256, US 1, UY 598, UZ 998'),
  ('VE 58, VN 84, VU 678, WF 681, WS 685, XK 383, YE 967, ZA 27, ZM 260, ZW 263')
) as l (entries)
cross join lateral string_to_table(l.entries, ', ') as entry
cross join lateral string_to_table(substr(entry, position(' ' in entry) + 1), ' ') as code;

-- Cautious figures for the daily limit only, until an organization states its own price.
insert into private.default_segment_prices (currency, price, source) values
  ('CAD', 0.012, 'Twilio list price for Canada with carrier fees, November 2026'),
  ('EUR', 0.09, 'Twilio list prices within the European Union, November 2026'),
  ('GBP', 0.05, 'Twilio list price for the United Kingdom, November 2026'),
  ('GHS', 0.05, 'Arkesel list price, November 2026'),
  ('KES', 1.2, 'Kenyan bulk list prices, November 2026'),
  ('NGN', 5, 'Nigerian bulk list prices, November 2026'),
  ('USD', 0.012, 'Twilio list price for the United States with carrier fees, November 2026'),
  ('ZAR', 0.5, 'South African bulk list prices, November 2026');
