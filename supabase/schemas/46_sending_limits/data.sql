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

-- Cautious figures for the daily limit only. An organization's own price counts where it is higher, or where the organization
-- pays for it.
insert into private.default_segment_prices (currency, price, source) values
  ('CAD', 0.012, 'Twilio list price for Canada with carrier fees, November 2026'),
  ('EUR', 0.09, 'Twilio list prices within the European Union, November 2026'),
  ('GBP', 0.05, 'Twilio list price for the United Kingdom, November 2026'),
  ('GHS', 0.05, 'Arkesel list price, November 2026'),
  ('KES', 1.2, 'Kenyan bulk list prices, November 2026'),
  ('NGN', 5, 'Nigerian bulk list prices, November 2026'),
  ('USD', 0.012, 'Twilio list price for the United States with carrier fees, November 2026'),
  ('ZAR', 0.5, 'South African bulk list prices, November 2026');

-- Where no list price is known: about USD 0.10, at the rates of 2025.
insert into private.default_segment_prices (currency, price, source)
select split_part(entry, ' ', 1), split_part(entry, ' ', 2)::numeric, 'USD 0.10, at the rates of 2025'
from (values
  ('AED 0.37, AFN 7, ALL 8.4, AMD 39, ANG 0.18, AOA 92, ARS 140, AUD 0.16, AWG 0.18, AZN 0.17, BAM 0.17, BBD 0.2'),
  ('BDT 12.2, BGN 0.17, BHD 0.038, BIF 300, BMD 0.1, BND 0.13, BOB 0.7, BRL 0.55, BSD 0.1, BTN 9, BWP 1.4, BYN 0.33'),
  ('BZD 0.2, CDF 285, CHF 0.08, CLP 96, CNY 0.72, COP 410, CRC 51, CUP 2.4, CVE 9.6, CZK 2.1, DJF 17.8, DKK 0.65'),
  ('DOP 6.3, DZD 13, EGP 5, ERN 1.5, ETB 15, FJD 0.23, FKP 0.08, GEL 0.27, GIP 0.08, GMD 7.3, GNF 870, GTQ 0.77'),
  ('GYD 21, HKD 0.78, HNL 2.6, HTG 13.2, HUF 35, IDR 1670, ILS 0.36, INR 9, IQD 131, IRR 4200, ISK 12.7, JMD 16'),
  ('JOD 0.071, JPY 15.5, KGS 8.8, KHR 403, KMF 43, KRW 147, KWD 0.031, KYD 0.084, KZT 54, LAK 2170, LBP 8960, LKR 30.5'),
  ('LRD 18.5, LSL 1.8, LYD 0.55, MAD 0.93, MDL 1.7, MGA 450, MKD 5.4, MMK 210, MNT 358, MOP 0.81, MRU 4, MUR 4.6'),
  ('MVR 1.55, MWK 174, MXN 1.9, MYR 0.42, MZN 6.4, NAD 1.8, NIO 3.7, NOK 1, NPR 14.3, NZD 0.18, OMR 0.039, PAB 0.1'),
  ('PEN 0.36, PGK 0.43, PHP 5.9, PKR 28.3, PLN 0.37, PYG 750, QAR 0.37, RON 0.45, RSD 10.2, RUB 8.3, RWF 146, SAR 0.38'),
  ('SBD 0.84, SCR 1.5, SDG 60, SEK 0.96, SGD 0.13, SHP 0.08, SLE 2.3, SOS 57.1, SRD 3.9, SSP 460, STN 2.1, SYP 1300'),
  ('SZL 1.8, THB 3.3, TJS 1, TMT 0.35, TND 0.3, TOP 0.24, TRY 4.3, TTD 0.68, TWD 3.2, TZS 265, UAH 4.3, UGX 370'),
  ('UYU 4, UZS 1270, VES 30, VND 2640, VUV 12.2, WST 0.28, XAF 60, XCD 0.27, XOF 60, XPF 10.9, YER 24.5, ZMW 2.5, ZWG 2.7')
) as l (entries)
cross join lateral string_to_table(l.entries, ', ') as entry;
