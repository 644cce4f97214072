-- A split region has all its zones: an address in Florida may be in either.
insert into private.region_zones (country, region, name, time_zones, source)
select r.country, r.region, r.name, r.zones::text[], 'IANA time zone database, as of November 2026'
from (values
  ('US', 'AL', 'alabama', '{America/Chicago}'),
  ('US', 'AK', 'alaska', '{America/Anchorage,America/Adak}'),
  ('US', 'AZ', 'arizona', '{America/Phoenix,America/Denver}'), -- The Navajo Nation keeps daylight saving time.
  ('US', 'AR', 'arkansas', '{America/Chicago}'),
  ('US', 'CA', 'california', '{America/Los_Angeles}'),
  ('US', 'CO', 'colorado', '{America/Denver}'),
  ('US', 'CT', 'connecticut', '{America/New_York}'),
  ('US', 'DC', 'district of columbia', '{America/New_York}'),
  ('US', 'DE', 'delaware', '{America/New_York}'),
  ('US', 'FL', 'florida', '{America/New_York,America/Chicago}'),
  ('US', 'GA', 'georgia', '{America/New_York}'),
  ('US', 'HI', 'hawaii', '{Pacific/Honolulu}'),
  ('US', 'IA', 'iowa', '{America/Chicago}'),
  ('US', 'ID', 'idaho', '{America/Boise,America/Los_Angeles}'),
  ('US', 'IL', 'illinois', '{America/Chicago}'),
  ('US', 'IN', 'indiana', '{America/Indiana/Indianapolis,America/Chicago}'),
  ('US', 'KS', 'kansas', '{America/Chicago,America/Denver}'),
  ('US', 'KY', 'kentucky', '{America/New_York,America/Chicago}'),
  ('US', 'LA', 'louisiana', '{America/Chicago}'),
  ('US', 'MA', 'massachusetts', '{America/New_York}'),
  ('US', 'MD', 'maryland', '{America/New_York}'),
  ('US', 'ME', 'maine', '{America/New_York}'),
  ('US', 'MI', 'michigan', '{America/Detroit,America/Menominee}'),
  ('US', 'MN', 'minnesota', '{America/Chicago}'),
  ('US', 'MO', 'missouri', '{America/Chicago}'),
  ('US', 'MS', 'mississippi', '{America/Chicago}'),
  ('US', 'MT', 'montana', '{America/Denver}'),
  ('US', 'NC', 'north carolina', '{America/New_York}'),
  ('US', 'ND', 'north dakota', '{America/Chicago,America/Denver}'),
  ('US', 'NE', 'nebraska', '{America/Chicago,America/Denver}'),
  ('US', 'NH', 'new hampshire', '{America/New_York}'),
  ('US', 'NJ', 'new jersey', '{America/New_York}'),
  ('US', 'NM', 'new mexico', '{America/Denver}'),
  ('US', 'NV', 'nevada', '{America/Los_Angeles,America/Denver}'), -- West Wendover is on Mountain Time.
  ('US', 'NY', 'new york', '{America/New_York}'),
  ('US', 'OH', 'ohio', '{America/New_York}'),
  ('US', 'OK', 'oklahoma', '{America/Chicago}'),
  ('US', 'OR', 'oregon', '{America/Los_Angeles,America/Boise}'),
  ('US', 'PA', 'pennsylvania', '{America/New_York}'),
  ('US', 'RI', 'rhode island', '{America/New_York}'),
  ('US', 'SC', 'south carolina', '{America/New_York}'),
  ('US', 'SD', 'south dakota', '{America/Chicago,America/Denver}'),
  ('US', 'TN', 'tennessee', '{America/Chicago,America/New_York}'),
  ('US', 'TX', 'texas', '{America/Chicago,America/Denver}'),
  ('US', 'UT', 'utah', '{America/Denver}'),
  ('US', 'VA', 'virginia', '{America/New_York}'),
  ('US', 'VT', 'vermont', '{America/New_York}'),
  ('US', 'WA', 'washington', '{America/Los_Angeles}'),
  ('US', 'WI', 'wisconsin', '{America/Chicago}'),
  ('US', 'WV', 'west virginia', '{America/New_York}'),
  ('US', 'WY', 'wyoming', '{America/Denver}'),
  ('US', 'PR', 'puerto rico', '{America/Puerto_Rico}'),
  ('US', 'VI', 'u.s. virgin islands', '{America/Puerto_Rico}'),
  ('US', 'GU', 'guam', '{Pacific/Guam}'),
  ('US', 'MP', 'northern mariana islands', '{Pacific/Guam}'),
  ('US', 'AS', 'american samoa', '{Pacific/Pago_Pago}'),
  ('CA', 'AB', 'alberta', '{America/Edmonton}'),
  ('CA', 'BC', 'british columbia', '{America/Vancouver,America/Edmonton,America/Dawson_Creek}'),
  ('CA', 'MB', 'manitoba', '{America/Winnipeg}'),
  ('CA', 'NB', 'new brunswick', '{America/Moncton}'),
  ('CA', 'NL', 'newfoundland and labrador', '{America/St_Johns,America/Goose_Bay}'),
  ('CA', 'NS', 'nova scotia', '{America/Halifax}'),
  ('CA', 'NT', 'northwest territories', '{America/Edmonton}'),
  ('CA', 'NU', 'nunavut', '{America/Iqaluit,America/Rankin_Inlet,America/Cambridge_Bay}'),
  ('CA', 'ON', 'ontario', '{America/Toronto,America/Winnipeg}'),
  ('CA', 'PE', 'prince edward island', '{America/Halifax}'),
  ('CA', 'QC', 'quebec', '{America/Toronto,America/Halifax}'),
  ('CA', 'SK', 'saskatchewan', '{America/Regina,America/Edmonton}'), -- Lloydminster keeps Alberta's time.
  ('CA', 'YT', 'yukon', '{America/Whitehorse}'),
  -- The other countries of the numbering plan, whole.
  ('AG', '', null, '{America/Antigua}'), ('AI', '', null, '{America/Anguilla}'), ('BB', '', null, '{America/Barbados}'),
  ('BM', '', null, '{Atlantic/Bermuda}'), ('BS', '', null, '{America/Nassau}'), ('DM', '', null, '{America/Dominica}'),
  ('DO', '', null, '{America/Santo_Domingo}'), ('GD', '', null, '{America/Grenada}'), ('JM', '', null, '{America/Jamaica}'),
  ('KN', '', null, '{America/St_Kitts}'), ('KY', '', null, '{America/Cayman}'), ('LC', '', null, '{America/St_Lucia}'),
  ('MS', '', null, '{America/Montserrat}'), ('SX', '', null, '{America/Lower_Princes}'), ('TC', '', null, '{America/Grand_Turk}'),
  ('TT', '', null, '{America/Port_of_Spain}'), ('VC', '', null, '{America/St_Vincent}'), ('VG', '', null, '{America/Tortola}')
) as r (country, region, name, zones);

-- From NANPA's announcements, compared with libphonenumber's metadata and time-zone map: a code that crosses a zone there,
-- even for one exchange, has both zones here. Mobile numbers kept their code when an area was split (915, 931).
insert into private.area_codes (code, country, region, time_zones, source)
select code, a.country, a.region, a.zones::text[],
  'NANPA''s announcements, compared with libphonenumber''s metadata and time-zone map, as of November 2026'
from (values
  ('US', 'AL', '{America/Chicago}', '205 251 256 334 483 659 938'),
  ('US', 'AK', '{America/Anchorage,America/Adak}', '907'),
  ('US', 'AZ', '{America/Phoenix}', '480 520 602 623'),
  ('US', 'AZ', '{America/Phoenix,America/Denver}', '928'),
  ('US', 'AR', '{America/Chicago}', '327 479 501 870'),
  ('US', 'CA', '{America/Los_Angeles}', '209 213 279 310 323 341 350 357 369 408 415 424 442 510 530 559 562 619 626 628 650 '
    '657 661 669 707 714 738 747 760 805 818 820 831 837 840 858 909 916 925 949 951'),
  ('US', 'CO', '{America/Denver}', '303 719 720 748 970 983'),
  ('US', 'CT', '{America/New_York}', '203 475 860 959'),
  ('US', 'DC', '{America/New_York}', '202 771'),
  ('US', 'DE', '{America/New_York}', '302'),
  ('US', 'FL', '{America/New_York}', '239 305 321 324 352 386 407 561 645 656 689 727 728 754 772 786 813 863 904 941 954'),
  ('US', 'FL', '{America/New_York,America/Chicago}', '448 850'),
  ('US', 'GA', '{America/New_York}', '229 404 470 478 678 706 762 770 912 943'),
  ('US', 'HI', '{Pacific/Honolulu}', '808'),
  ('US', 'IA', '{America/Chicago}', '319 515 563 641 712'),
  ('US', 'ID', '{America/Boise,America/Los_Angeles}', '208 986'),
  ('US', 'IL', '{America/Chicago}', '217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 861 872'),
  ('US', 'IN', '{America/Indiana/Indianapolis}', '260 317 463 765'),
  ('US', 'IN', '{America/Indiana/Indianapolis,America/Chicago}', '219 574 812 930'),
  ('US', 'KS', '{America/Chicago}', '316 913'),
  ('US', 'KS', '{America/Chicago,America/Denver}', '620 785'),
  ('US', 'KY', '{America/New_York}', '502 859'),
  ('US', 'KY', '{America/New_York,America/Chicago}', '270 364 606'),
  ('US', 'LA', '{America/Chicago}', '225 318 337 457 504 985'),
  ('US', 'MA', '{America/New_York}', '339 351 413 508 617 774 781 857 978'),
  ('US', 'MD', '{America/New_York}', '227 240 301 410 443 667'),
  ('US', 'ME', '{America/New_York}', '207'),
  ('US', 'MI', '{America/Detroit}', '231 248 269 313 517 586 616 679 734 810 947 989'),
  ('US', 'MI', '{America/Detroit,America/Menominee}', '906'),
  ('US', 'MN', '{America/Chicago}', '218 320 507 612 651 763 924 952'),
  ('US', 'MO', '{America/Chicago}', '235 314 417 557 573 636 660 816 975'),
  ('US', 'MS', '{America/Chicago}', '228 471 601 662 769'),
  ('US', 'MT', '{America/Denver}', '406'),
  ('US', 'NC', '{America/New_York}', '252 336 472 704 743 828 910 919 980 984'),
  ('US', 'ND', '{America/Chicago,America/Denver}', '701'),
  ('US', 'NE', '{America/Chicago}', '402 531'),
  ('US', 'NE', '{America/Chicago,America/Denver}', '308'),
  ('US', 'NH', '{America/New_York}', '603'),
  ('US', 'NJ', '{America/New_York}', '201 551 609 640 732 848 856 862 908 973'),
  ('US', 'NM', '{America/Denver}', '505 575'),
  ('US', 'NV', '{America/Los_Angeles}', '702 725'),
  ('US', 'NV', '{America/Los_Angeles,America/Denver}', '775'),
  ('US', 'NY', '{America/New_York}', '212 315 329 332 347 363 465 516 518 585 607 624 631 646 680 716 718 838 845 914 917 929 934'),
  ('US', 'OH', '{America/New_York}', '216 220 234 283 326 330 380 419 436 440 513 567 614 740 937'),
  ('US', 'OK', '{America/Chicago}', '405 539 572 580 918'),
  ('US', 'OR', '{America/Los_Angeles}', '503 971'),
  ('US', 'OR', '{America/Los_Angeles,America/Boise}', '458 541'),
  ('US', 'PA', '{America/New_York}', '215 223 267 272 412 445 484 570 582 610 717 724 814 835 878'),
  ('US', 'RI', '{America/New_York}', '401'),
  ('US', 'SC', '{America/New_York}', '803 821 839 843 854 864'),
  ('US', 'SD', '{America/Chicago,America/Denver}', '605'),
  ('US', 'TN', '{America/Chicago}', '615 629 731 901'),
  ('US', 'TN', '{America/New_York}', '865'),
  ('US', 'TN', '{America/Chicago,America/New_York}', '423 729 931'),
  ('US', 'TX', '{America/Chicago}', '210 214 254 281 325 346 361 409 430 469 512 621 682 713 726 737 806 817 830 832 903 936 940 945 956 972 979'),
  ('US', 'TX', '{America/Chicago,America/Denver}', '432 915'),
  ('US', 'UT', '{America/Denver}', '385 435 801'),
  ('US', 'VA', '{America/New_York}', '276 434 540 571 686 703 757 804 826 948'),
  ('US', 'VT', '{America/New_York}', '802'),
  ('US', 'WA', '{America/Los_Angeles}', '206 253 360 425 509 564'),
  ('US', 'WI', '{America/Chicago}', '262 274 353 414 534 608 715 920'),
  ('US', 'WV', '{America/New_York}', '304 681'),
  ('US', 'WY', '{America/Denver}', '307'),
  ('US', 'PR', '{America/Puerto_Rico}', '787 939'),
  ('US', 'VI', '{America/Puerto_Rico}', '340'),
  ('US', 'GU', '{Pacific/Guam}', '671'),
  ('US', 'MP', '{Pacific/Guam}', '670'),
  ('US', 'AS', '{Pacific/Pago_Pago}', '684'),
  -- Toll-free numbers may be anywhere from the Atlantic to Hawaii.
  ('US', null, '{America/New_York,America/Chicago,America/Denver,America/Los_Angeles,America/Anchorage,Pacific/Honolulu}',
    '800 833 844 855 866 877 888'),
  ('CA', 'AB', '{America/Edmonton}', '368 403 587 780 825'),
  ('CA', 'BC', '{America/Vancouver}', '604'),
  ('CA', 'BC', '{America/Vancouver,America/Edmonton,America/Dawson_Creek}', '236 250 257 672 778'),
  ('CA', 'MB', '{America/Winnipeg}', '204 431 584'),
  ('CA', 'NB', '{America/Moncton}', '428 506'),
  ('CA', 'NL', '{America/St_Johns,America/Goose_Bay}', '709 879'),
  ('CA', null, '{America/Halifax}', '782 851 902'), -- Nova Scotia and Prince Edward Island share them.
  ('CA', 'ON', '{America/Toronto}', '226 249 289 343 365 382 416 437 519 548 613 647 683 705 742 753 905 942'),
  ('CA', 'ON', '{America/Toronto,America/Winnipeg}', '807'),
  ('CA', 'QC', '{America/Toronto}', '263 354 438 450 468 514 579 819 873'),
  ('CA', 'QC', '{America/Toronto,America/Halifax}', '273 367 418 581'),
  ('CA', 'SK', '{America/Regina,America/Edmonton}', '306 474 639'),
  ('CA', null, '{America/Iqaluit,America/Rankin_Inlet,America/Edmonton,America/Whitehorse}', '867'),
  ('CA', null, '{America/St_Johns,America/Halifax,America/Toronto,America/Winnipeg,America/Edmonton,America/Vancouver}',
    '600 622 633 644 655 677 688'),
  ('AG', null, '{America/Antigua}', '268'), ('AI', null, '{America/Anguilla}', '264'), ('BB', null, '{America/Barbados}', '246'),
  ('BM', null, '{Atlantic/Bermuda}', '441'), ('BS', null, '{America/Nassau}', '242'), ('DM', null, '{America/Dominica}', '767'),
  ('DO', null, '{America/Santo_Domingo}', '809 829 849'), ('GD', null, '{America/Grenada}', '473'),
  ('JM', null, '{America/Jamaica}', '658 876'), ('KN', null, '{America/St_Kitts}', '869'), ('KY', null, '{America/Cayman}', '345'),
  ('LC', null, '{America/St_Lucia}', '758'), ('MS', null, '{America/Montserrat}', '664'), ('SX', null, '{America/Lower_Princes}', '721'),
  ('TC', null, '{America/Grand_Turk}', '649'), ('TT', null, '{America/Port_of_Spain}', '868'), ('VC', null, '{America/St_Vincent}', '784'),
  ('VG', null, '{America/Tortola}', '284')
) as a (country, region, zones, codes)
cross join lateral string_to_table(a.codes, ' ') as code;

insert into private.contact_windows (country, region, weekdays, holidays, opens, closes, effective_from, source) values
  ('US', null, default, false, '08:00', '21:00', '2024-03-26', '47 CFR 64.1200(c)(1): 8 a.m. to 9 p.m. at the called party''s location; texts since FCC 23-107'),
  ('US', 'AL', '{1,2,3,4,5,6}', false, '08:00', '20:00', '2024-01-01', 'Ala. Code 8-19C; Drop Cowboy and ClickPoint guides 2025; effective date not looked up'),
  ('US', 'AL', '{7}', false, null, null, '2024-01-01', 'Ala. Code 8-19C: none on Sundays; Drop Cowboy and ClickPoint guides 2025'),
  ('US', 'AL', default, true, null, null, '2024-01-01', 'Ala. Code 8-19C, 1-3-8: none on holidays; Drop Cowboy and ClickPoint guides 2025'),
  ('US', 'CT', default, false, '09:00', '20:00', '2023-10-01', 'Conn. Gen. Stat. 42-288a (SB 1058); two sources, one says 9 p.m.: the stricter is kept'),
  ('US', 'FL', default, false, '08:00', '20:00', '2021-07-01', 'Fla. Stat. 501.616(6)(a)'),
  ('US', 'KY', default, false, '10:00', '21:00', '2024-01-01', 'Ky. Rev. Stat. 367.46955; Drop Cowboy and ClickPoint guides 2025; effective date not looked up'),
  ('US', 'LA', '{1,2,3,4,5,6}', false, '08:00', '20:00', '2024-01-01', 'La. PSC General Order R-29617 V(A)(2), as quoted by dnc.com'),
  ('US', 'LA', '{7}', false, null, null, '2024-01-01', 'La. PSC General Order R-29617 V(A)(2): none on Sundays, as quoted by dnc.com'),
  ('US', 'LA', default, true, null, null, '2024-01-01', 'La. PSC General Order R-29617 V(A)(2): none on legal holidays, as quoted by dnc.com'),
  ('US', 'MA', default, false, '08:00', '20:00', '2024-01-01', 'Mass. Gen. Laws c. 159C; Drop Cowboy and ClickPoint guides 2025; effective date not looked up'),
  ('US', 'MD', default, false, '08:00', '20:00', '2024-01-01', 'Md. Com. Law 14-4502 (Stop the Spam Calls Act); two sources'),
  ('US', 'MI', default, false, '09:00', '21:00', '2024-01-01', 'Uncertain: Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'MN', default, false, '09:00', '21:00', '2024-01-01', 'Uncertain: Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'MS', '{1,2,3,4,5,6}', false, '08:00', '20:00', '2024-01-01', 'Miss. Code 77-3-723; Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'MS', '{7}', false, null, null, '2024-01-01', 'Miss. Code 77-3-723: none on Sundays; Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'MS', default, true, null, null, '2024-01-01', 'Uncertain: dnc.com restricts holidays, Drop Cowboy does not; the stricter is kept'),
  ('US', 'NJ', default, false, '08:00', '20:00', '2024-01-01', 'Uncertain: one secondary source, unverified'),
  ('US', 'NM', default, false, '09:00', '21:00', '2024-01-01', 'N.M. Stat. 57-12-22; Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'NV', default, false, '09:00', '20:00', '2024-01-01', 'Uncertain: Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'OK', default, false, '08:00', '20:00', '2022-11-01', '15 Okla. Stat. 775C.4'),
  ('US', 'OR', default, false, '08:00', '20:00', '2026-01-01', 'Oregon HB 3865 (2025): texts too; two sources'),
  ('US', 'PA', default, true, null, null, '2024-01-01', '73 Pa. Stat. 2245.2: none on legal holidays; dnc.com and Drop Cowboy 2025; law not read'),
  ('US', 'RI', '{1,2,3,4,5}', false, '09:00', '18:00', '2024-01-01', 'R.I. Gen. Laws 5-61-2(2), 5-61-3.6, read: Monday to Friday 9 to 6'),
  ('US', 'RI', '{6}', false, '10:00', '17:00', '2024-01-01', 'R.I. Gen. Laws 5-61-2(2), read: Saturday 10 to 5'),
  ('US', 'RI', '{7}', false, null, null, '2024-01-01', 'R.I. Gen. Laws 5-61-2(2), read: Sunday is no hour of operation (guides say 10 to 5)'),
  ('US', 'RI', default, true, null, null, '2024-01-01', 'R.I. Gen. Laws 5-61-2(2), read: not on a state or federal holiday'),
  ('US', 'TX', '{1,2,3,4,5,6}', false, '09:00', '21:00', '2025-09-01', 'Tex. Bus. & Com. Code 301.051, texts by SB 140 (2025)'),
  ('US', 'TX', '{7}', false, '12:00', '21:00', '2025-09-01', 'Tex. Bus. & Com. Code 301.051: Sunday from noon; texts by SB 140 (2025)'),
  ('US', 'UT', default, true, null, null, '2024-01-01', 'Utah Code 13-25a-103: none on legal holidays; dnc.com alone; law not read'),
  ('US', 'WA', default, false, '08:00', '20:00', '2023-07-23', 'RCW 19.158.040(2), read'),
  ('CA', null, '{1,2,3,4,5}', false, '09:00', '21:30', '2024-01-01', 'CRTC Unsolicited Telecommunications Rules, Part III, s. 23: weekdays 9:00 to 21:30'),
  ('CA', null, '{6,7}', false, '10:00', '18:00', '2024-01-01', 'CRTC Unsolicited Telecommunications Rules, Part III, s. 23: weekends 10:00 to 18:00');

insert into private.contact_caps (country, region, messages, hours, effective_from, source) values
  ('US', 'FL', 3, 24, '2021-07-01', 'Fla. Stat. 501.616(6)(b): three within 24 hours on the same subject; two sources'),
  ('US', 'OK', 3, 24, '2022-11-01', '15 Okla. Stat. 775C.4: three within 24 hours on the same subject; two sources'),
  ('US', 'OR', 3, 24, '2026-01-01', 'Oregon HB 3865 (2025): three within 24 hours, texts too; two sources');

-- Holidays by their rules, until the end of 2032. A holiday on a Saturday is observed on the Friday before, one on a Sunday on the
-- Monday after; both days count.
with years as (
  select y, make_date(y, 1, 1) as jan, make_date(y, 2, 1) as feb, make_date(y, 4, 1) as apr, make_date(y, 5, 1) as may,
    make_date(y, 6, 1) as jun, make_date(y, 8, 1) as aug, make_date(y, 9, 1) as sep, make_date(y, 10, 1) as oct, make_date(y, 11, 1) as nov
  from generate_series(2024, 2033) y
), easter (day) as (
  values (date '2024-03-31'), ('2025-04-20'), ('2026-04-05'), ('2027-03-28'), ('2028-04-16'), ('2029-04-01'), ('2030-04-21'),
    ('2031-04-13'), ('2032-03-28')
), given (region, day, name, moves, source) as (
  -- The first Monday on or after a date d is d + (8 - isodow) % 7.
  select h.region, h.day, h.name, h.moves, h.source
  from years cross join lateral (values
    ('', jan, 'New Year''s Day', true, '5 U.S.C. 6103'),
    ('', jan + (8 - extract(isodow from jan)::integer) % 7 + 14, 'Birthday of Martin Luther King, Jr.', false, '5 U.S.C. 6103'),
    ('', feb + (8 - extract(isodow from feb)::integer) % 7 + 14, 'Washington''s Birthday', false, '5 U.S.C. 6103'),
    ('', may + 30 - (extract(isodow from may + 30)::integer - 1), 'Memorial Day', false, '5 U.S.C. 6103'),
    ('', make_date(y, 6, 19), 'Juneteenth National Independence Day', true, '5 U.S.C. 6103'),
    ('', make_date(y, 7, 4), 'Independence Day', true, '5 U.S.C. 6103'),
    ('', sep + (8 - extract(isodow from sep)::integer) % 7, 'Labor Day', false, '5 U.S.C. 6103'),
    ('', oct + (8 - extract(isodow from oct)::integer) % 7 + 7, 'Columbus Day', false, '5 U.S.C. 6103'),
    ('', make_date(y, 11, 11), 'Veterans Day', true, '5 U.S.C. 6103'),
    ('', nov + (11 - extract(isodow from nov)::integer) % 7 + 21, 'Thanksgiving Day', false, '5 U.S.C. 6103'),
    ('', make_date(y, 12, 25), 'Christmas Day', true, '5 U.S.C. 6103'),
    ('AL', apr + (8 - extract(isodow from apr)::integer) % 7 + 21, 'Confederate Memorial Day', false, 'Ala. Code 1-3-8'),
    ('AL', jun + (8 - extract(isodow from jun)::integer) % 7, 'Jefferson Davis'' Birthday', false, 'Ala. Code 1-3-8'),
    ('MS', apr + 29 - (extract(isodow from apr + 29)::integer - 1), 'Confederate Memorial Day', false, 'Miss. Code 3-3-7'),
    ('RI', aug + (8 - extract(isodow from aug)::integer) % 7 + 7, 'Victory Day', false, 'R.I. Gen. Laws 25-1-1'),
    ('UT', make_date(y, 7, 24), 'Pioneer Day', true, 'Utah Code 63G-1-301')
  ) as h (region, day, name, moves, source)
  union all
  select region, nov + (8 - extract(isodow from nov)::integer) % 7 + 1, 'General Election Day', false, source
  from years cross join (values ('LA', 'La. Rev. Stat. 1:55'), ('RI', 'R.I. Gen. Laws 25-1-1')) as s (region, source)
  where y % 2 = 0
  union all
  select region, day - 47, 'Mardi Gras', false, source
  from easter cross join (values ('AL', 'Ala. Code 1-3-8: Mobile and Baldwin counties; a number does not tell the county'),
    ('LA', 'La. Rev. Stat. 1:55')) as s (region, source)
  union all
  select 'LA', day - 2, 'Good Friday', false, 'La. Rev. Stat. 1:55' from easter
)
insert into private.holidays (country, region, day, name, source)
select 'US', region, day, name, source from given where day < '2033-01-01'
union all
select 'US', region, observed, name || ' (observed)', source
from given cross join lateral (
  select case extract(isodow from day) when 6 then day - 1 when 7 then day + 1 end as observed
) o
where moves and observed < '2033-01-01'
on conflict do nothing;
