/** The object identifiers this library writes or understands (RFC 5280 appendix A, RFC 5480, RFC 2985). */
export const oids = {
  commonName: '2.5.4.3', country: '2.5.4.6', locality: '2.5.4.7', state: '2.5.4.8', organization: '2.5.4.10', organizationalUnit: '2.5.4.11',
  serialNumber: '2.5.4.5', emailAddress: '1.2.840.113549.1.9.1', domainComponent: '0.9.2342.19200300.100.1.25',
  ecdsaWithSha256: '1.2.840.10045.4.3.2', ecdsaWithSha384: '1.2.840.10045.4.3.3', ecdsaWithSha512: '1.2.840.10045.4.3.4',
  rsaWithSha256: '1.2.840.113549.1.1.11', rsaWithSha384: '1.2.840.113549.1.1.12', rsaWithSha512: '1.2.840.113549.1.1.13',
  ed25519: '1.3.101.112',
  subjectKeyIdentifier: '2.5.29.14', keyUsage: '2.5.29.15', subjectAltName: '2.5.29.17', basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20', reasonCode: '2.5.29.21', issuingDistributionPoint: '2.5.29.28', nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31', certificatePolicies: '2.5.29.32', authorityKeyIdentifier: '2.5.29.35', extendedKeyUsage: '2.5.29.37',
  authorityInformationAccess: '1.3.6.1.5.5.7.1.1', caIssuers: '1.3.6.1.5.5.7.48.2',
  extensionRequest: '1.2.840.113549.1.9.14',
} as const;

/** Extended key usages by the names RFC 5280 4.2.1.12 gives them. */
export const extendedKeyUsages = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
} as const;
export type ExtendedKeyUsage = keyof typeof extendedKeyUsages;

/** Key usages in the order of their bits (RFC 5280 4.2.1.3). */
export const keyUsages = ['digitalSignature', 'contentCommitment', 'keyEncipherment', 'dataEncipherment', 'keyAgreement', 'keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly'] as const;
export type KeyUsage = typeof keyUsages[number];
