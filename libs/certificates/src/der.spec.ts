import { AsnConvert } from '@peculiar/asn1-schema';
import { BasicConstraints, GeneralNames, NameConstraints, Time } from '@peculiar/asn1-x509';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as der from './der.ts';
import { bitNumbers, booleanValue, identifierText, integerBytes, members, readElement, smallNumber, stringValue, timeValue } from './der-reader.ts';
import { dns, type GeneralName, ip, readGeneralNames, uri, writeGeneralNames } from './general-names.ts';
import { readNameConstraints, writeNameConstraints } from './name-constraints.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const read = (bytes: Uint8Array) => readElement(bytes, 'here');
const second = fc.date({ min: new Date('1950-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }).map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));

describe('the DER writer', () => {
  // X.690 8.1.3, 8.3, 8.19.5, 11.2.2 and RFC 5280 4.1.2.5
  it.each([
    ['a short length', der.length(127), '7f'],
    ['a long length', der.length(128), '8180'],
    ['a two-byte length', der.length(435), '8201b3'],
    ['a four-byte length', der.length(0xffffffff), '84ffffffff'],
    ['zero', der.integer(0), '020100'],
    ['127', der.integer(127), '02017f'],
    ['128, which wants a sign byte', der.integer(128), '02020080'],
    ['an integer from bytes with leading zeros', der.integer(Uint8Array.of(0, 0, 0xff)), '020200ff'],
    ['{2 999 3}', der.objectIdentifier('2.999.3'), '0603883703'],
    ['rsaEncryption', der.objectIdentifier('1.2.840.113549.1.1.1'), '06092a864886f70d010101'],
    ['a UUID arc', der.objectIdentifier('2.25.329800735698586629295641978511506172918'), '06146983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776'],
    ['keyCertSign and cRLSign', der.namedBits([5, 6]), '03020106'],
    ['no bits', der.namedBits([]), '030100'],
    ['the ninth bit', der.namedBits([0, 8]), '0303078080'],
    ['the last UTCTime', der.time(new Date('2049-12-31T23:59:59Z')), `170d${Buffer.from('491231235959Z').toString('hex')}`],
    ['the first GeneralizedTime', der.time(new Date('2050-01-01T00:00:00Z')), `180f${Buffer.from('20500101000000Z').toString('hex')}`],
    ['a set in order', der.setOf(der.integer(2), der.integer(1)), '3106020101020102'],
  ])('writes %s', (_, bytes, expected) => { expect(hex(bytes)).toBe(expected); });

  it('is read back by the reader, which is other code', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 160n) - 1n }), (value) => {
      expect(BigInt(`0x${hex(integerBytes(read(der.integer(value)), 'here'))}`)).toBe(value);
    }));
    fc.assert(fc.property(fc.nat(2 ** 31 - 1), (value) => { expect(smallNumber(read(der.integer(value)), 'here')).toBe(value); }));
    fc.assert(fc.property(fc.nat(2), fc.nat(39), fc.array(fc.bigInt({ min: 0n, max: 1n << 70n }), { maxLength: 5 }), (first, next, rest) => {
      const dotted = [first, next, ...rest].join('.');
      expect(identifierText(read(der.objectIdentifier(dotted)), 'here')).toBe(dotted);
    }));
    fc.assert(fc.property(second, (at) => { expect(timeValue(read(der.time(at)), 'here')).toEqual(at); }));
    fc.assert(fc.property(fc.uniqueArray(fc.nat(40)), (bits) => { expect(bitNumbers(read(der.namedBits(bits)), 'here')).toEqual([...bits].sort((a, b) => a - b)); }));
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => { expect(stringValue(read(der.utf8String(text)))).toBe(text); }));
    fc.assert(fc.property(fc.boolean(), (value) => { expect(booleanValue(read(der.boolean(value)), 'here')).toBe(value); }));
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (parts) => {
      const list = read(der.sequence(...parts.map((part) => der.octetString(part))));
      expect(members(list, 'here').map(({ content }) => hex(content))).toEqual(parts.map(hex));
    }));
    fc.assert(fc.property(fc.integer({ min: 0, max: 70_000 }), (size) => { expect(read(der.octetString(new Uint8Array(size))).content.length).toBe(size); }));
  });

  it('is read back by a stranger (@peculiar/asn1-x509)', () => {
    fc.assert(fc.property(second, (at) => { expect(AsnConvert.parse(der.time(at), Time).getTime()).toEqual(at); }));
    fc.assert(fc.property(fc.option(fc.nat(1000), { nil: undefined }), fc.boolean(), (pathLength, ca) => {
      const written = der.sequence(...(ca ? [der.boolean(true)] : []), ...(pathLength === undefined ? [] : [der.integer(pathLength)]));
      expect(AsnConvert.parse(written, BasicConstraints)).toMatchObject({ cA: ca, pathLenConstraint: pathLength });
    }));
    fc.assert(fc.property(fc.array(aName, { minLength: 1, maxLength: 9 }), (names) => {
      const written = writeGeneralNames(names);
      expect(AsnConvert.parse(written, GeneralNames).map(({ dNSName, uniformResourceIdentifier, iPAddress }) => dNSName ?? uniformResourceIdentifier ?? iPAddress))
        .toEqual(names.map((name) => name.type === 'ip' ? name.bytes.join('.') : (name as { value: string }).value));
      expect(readGeneralNames(read(written), 'here')).toEqual(names.map((name) => name.type === 'ip' ? { ...name, bytes: Buffer.from(name.bytes) } : name));
    }));
    const written = writeNameConstraints({ permitted: [dns('a.example')], excluded: [uri('.b.example'), { type: 'ip', bytes: Uint8Array.of(10, 0, 0, 0, 255, 0, 0, 0) }] });
    const stranger = AsnConvert.parse(written, NameConstraints);
    expect(stranger.permittedSubtrees?.map(({ base }) => base.dNSName)).toEqual(['a.example']);
    expect(stranger.excludedSubtrees?.map(({ base }) => base.uniformResourceIdentifier ?? base.iPAddress)).toEqual(['.b.example', '10.0.0.0/8']);
    expect(readNameConstraints(read(written), 'here').excluded).toHaveLength(2);
  });
});

const aName: fc.Arbitrary<GeneralName> = fc.oneof(fc.domain().map(dns), fc.webUrl().map((url) => uri(encodeURI(url))), fc.ipV4().map(ip));

describe('the DER reader', () => {
  it.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['less content than it says', '0403aabb'],
    ['bytes after the end', '040100ff'],
    ['an indefinite length', '3080040100' + '0000'],
    ['a length longer than needed', '048103aabbcc'],
    ['a length with a leading zero', `04820080${'00'.repeat(128)}`],
    ['a five-byte length', '04850000000001aa'],
    ['a multi-byte tag', '1f810100'],
    ['a 4 GiB element in 6 bytes', '0484ffffffff'],
  ])('refuses %s', (_, bytes) => {
    expect(() => read(Buffer.from(bytes, 'hex'))).toThrow(expect.objectContaining({ kind: 'invalid', code: 'der-malformed' }));
  });

  it.each([
    ['a padded integer', () => integerBytes(read(Buffer.from('02020001', 'hex')), 'here')],
    ['an empty integer', () => integerBytes(read(Buffer.from('0200', 'hex')), 'here')],
    ['a negative small number', () => smallNumber(read(Buffer.from('0201ff', 'hex')), 'here')],
    ['a BER boolean', () => booleanValue(read(Buffer.from('010101', 'hex')), 'here')],
    ['an identifier with a padded arc', () => identifierText(read(Buffer.from('06032a8001', 'hex')), 'here')],
    ['an identifier that ends inside an arc', () => identifierText(read(Buffer.from('06022a86', 'hex')), 'here')],
    ['named bits with trailing zeros', () => bitNumbers(read(Buffer.from('03020006', 'hex')), 'here')],
    ['named bits with dirt in the unused ones', () => bitNumbers(read(Buffer.from('03020107', 'hex')), 'here')],
    ['a time without Z', () => timeValue(read(Buffer.concat([Uint8Array.of(23, 12), Buffer.from('260101000000')])), 'here')],
    ['the 30th of February', () => timeValue(read(Buffer.concat([Uint8Array.of(23, 13), Buffer.from('260230000000Z')])), 'here')],
    ['GeneralizedTime before 2050', () => timeValue(read(Buffer.concat([Uint8Array.of(24, 15), Buffer.from('20260101000000Z')])), 'here')],
  ])('refuses %s', (_, act) => { expect(act).toThrow(expect.objectContaining({ code: 'der-malformed' })); });

  it('answers any bytes with an element or a Problem', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try { expect(read(bytes).der.length).toBe(bytes.length); } catch (error) { expect(error).toMatchObject({ code: 'der-malformed' }); }
    }), { numRuns: 2000 });
  });
});
