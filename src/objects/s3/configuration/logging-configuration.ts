import type { BucketLogging, LogKeyFormat } from '../../access-log/bucket-logging.ts';
import { s3Errors } from '../errors.ts';
import { MAX_KEY_BYTES } from '../request-target.ts';
import type { XmlElements } from '../xml.ts';
import type { XmlNode } from '../xml-document.ts';

/** What a log object's key has behind the prefix: account, region, bucket, date, time and what makes it unique. */
const REST_OF_KEY_BYTES = 256;
const DATES = { EventTime: 'event-time', DeliveryTime: 'delivery-time' } as const;

/** @throws HoldfastError `s3.malformed-xml`, `s3.key-too-long` */
export function readLogging(status: XmlNode): BucketLogging | undefined {
  const [enabled, ...more] = status.all('LoggingEnabled');
  if (!enabled) return undefined;
  const target = enabled.text('TargetBucket')?.trim();
  const prefix = enabled.text('TargetPrefix');
  if (more.length > 0 || !target || prefix === undefined) {
    throw s3Errors.malformedXml('one LoggingEnabled with a TargetBucket and a TargetPrefix is expected');
  }
  const longest = MAX_KEY_BYTES - REST_OF_KEY_BYTES;
  if (Buffer.byteLength(prefix) > longest) {
    throw s3Errors.keyTooLong(
      `the TargetPrefix is longer than ${longest} bytes, with which its keys would be too long`,
    );
  }
  const [format] = enabled.all('TargetObjectKeyFormat');
  return { target, prefix, ...(format && { keyFormat: readKeyFormat(format) }) };
}

/** Who asks for grants to the log objects. */
export function namesGrants(status: XmlNode): boolean {
  return status
    .all('LoggingEnabled')
    .some((enabled) => enabled.all('TargetGrants').some((grants) => grants.all('Grant').length > 0));
}

function readKeyFormat(format: XmlNode): LogKeyFormat {
  const [simple] = format.all('SimplePrefix');
  const [partitioned] = format.all('PartitionedPrefix');
  if ((simple === undefined) === (partitioned === undefined)) {
    throw s3Errors.malformedXml('a TargetObjectKeyFormat is either SimplePrefix or PartitionedPrefix');
  }
  if (!partitioned) return 'simple';
  // An empty element is a text to the parser, and one of another kind has no children.
  const source = partitioned.text('PartitionDateSource')?.trim() ?? 'EventTime';
  if (source === 'EventTime' || source === 'DeliveryTime') return DATES[source];
  throw s3Errors.malformedXml('a PartitionDateSource is EventTime or DeliveryTime');
}

export function loggingXml(logging: BucketLogging | undefined): XmlElements {
  if (!logging) return {};
  const { target, prefix, keyFormat } = logging;
  return {
    LoggingEnabled: { TargetBucket: target, TargetPrefix: prefix, TargetObjectKeyFormat: keyFormatXml(keyFormat) },
  };
}

function keyFormatXml(format: LogKeyFormat | undefined): XmlElements | undefined {
  if (format === undefined) return undefined;
  if (format === 'simple') return { SimplePrefix: '' };
  return { PartitionedPrefix: { PartitionDateSource: format === 'event-time' ? 'EventTime' : 'DeliveryTime' } };
}
