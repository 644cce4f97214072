insert into private.protected_sender_names (name, anywhere, reason)
select btrim(n), p.anywhere, p.reason
from (values
  (true, 'a bank or a payment service', 'bank, momo, mobilemoney, mpesa, paypal, mastercard, westernunion, moneygram, '
    'telecelcash, stanbic, cashapp, venmo, wellsfargo, barclays, hsbc, santander'),
  (false, 'a bank or a payment service', 'gcb, uba, cal, adb, absa, fidelity, zenith, visa, amex, ghipss, wave, opay, '
    'palmpay, citi, chase, zelle'),
  (true, 'a telephone company', 'telecel, vodafone, airtel, safaricom, verizon, tmobile, glomobile'),
  (false, 'a telephone company', 'mtn, tigo, orange, att, glo, at'),
  (true, 'a public authority', 'police, military, immigration, interpol, embassy, parliament, government, '
    'socialsecurity, medicare'),
  (false, 'a public authority', 'army, customs, ministry, passport, electoral, judiciary, gov, govt, gra, irs, fbi, ssa, '
    'ssnit, nhis, nia, bog, nca, dvla, hmrc, nhs, usps, ecowas, who, cdc, un'),
  (true, 'a company that is often impersonated', 'whatsapp, facebook, google, amazon, netflix, microsoft, instagram, '
    'tiktok, telegram, binance, coinbase'),
  (false, 'a company that is often impersonated', 'apple, dhl, fedex, ups, meta, uber, bolt, ecg'),
  (true, 'a word of security messages', 'verify, verification, security, emergency'),
  (false, 'a word of security messages', 'otp, code, alert, alerts, admin, support, service, info, infosms')
) as p (anywhere, reason, names)
cross join lateral string_to_table(p.names, ',') as n;
