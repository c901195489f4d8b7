import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalPath } from '../../src/objects/access/canonical-request.ts';
import { parsePolicy } from '../../src/objects/access/policy/parse-policy.ts';
import { isPublicPolicy } from '../../src/objects/access/policy/policy.ts';
import { readCorsRules } from '../../src/objects/s3/configuration/cors-rules.ts';
import { checkPostPolicy, parsePostPolicy } from '../../src/objects/s3/form/post-policy.ts';
import { copyRange, selectPart, selectRange } from '../../src/objects/s3/range.ts';
import { parseTarget } from '../../src/objects/s3/request-target.ts';
import { parseXml } from '../../src/objects/s3/xml-document.ts';
import { parseAppFile } from '../../src/spec/app-file.ts';
import type { Random } from '../simulation/random.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { mutateText } from './mutation.ts';

type Texts = readonly [string, ...string[]];

/** Mostly changed; now and then as it is, so that a target that refuses everything is noticed. */
function variant(texts: Texts, random: Random, dictionary?: readonly string[]): string {
  const text = random.pick(texts);
  return random.chance(0.02) ? text : mutateText(text, random, dictionary);
}

const XML: Texts = [
  '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a&amp;b</Key><ETag>"x"</ETag></Object><Quiet>true</Quiet></Delete>',
  '<?xml version="1.0"?><Delete><!-- two --><Object><Key>&#x1F642;</Key></Object><Object><Key>b</Key></Object></Delete>',
  '<Delete><Object><Key><![CDATA[a&b]]>c</Key></Object></Delete>',
  '<Delete><CORSRule><AllowedOrigin>https://*.example.test</AllowedOrigin><AllowedMethod>GET</AllowedMethod><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule></Delete>',
];

const xml: FuzzTarget = {
  name: 'XML bodies',
  attempt(random) {
    const document = parseXml(
      variant(XML, random, ['<Key>', '</Key>', '<Object/>', '<a>', '</Delete>', '<![CDATA[', ']]>']),
      'Delete',
    );
    for (const object of document.all('Object')) object.text('Key');
    if (document.all('CORSRule').length > 0) readCorsRules(document);
    return true;
  },
};

const RANGES: Texts = ['bytes=0-9', 'bytes=5-', 'bytes=-5', 'bytes=0-0,2-3', '3'];

const ranges: FuzzTarget = {
  name: 'ranges',
  attempt(random) {
    const size = random.pick([0, 1, 10, 2 ** 40]);
    const text = variant(RANGES, random, ['bytes=', '-', '1', '9']);
    const select = random.pick([selectRange, copyRange, (part: string, all: number) => selectPart(part, [3, 0, all])]);
    const range = select(text, size);
    if (range && !(range.start >= 0 && range.start <= range.end && range.end < size + 3)) {
      throw new Error(`${JSON.stringify(text)} of ${size} bytes is ${JSON.stringify(range)}`);
    }
    return range !== undefined;
  },
};

const TARGETS: Texts = [
  '/photos/a%20b?list-type=2&prefix=x',
  'http://h/photos/x/../y?uploadId=1',
  '/',
  '/photos//%C3%A9',
];

const target: FuzzTarget = {
  name: 'request targets',
  attempt(random) {
    const host = variant(['photos.s3.test:7301', 'localhost', '[::1]:80'], random);
    const { bucket, key, path } = parseTarget(variant(TARGETS, random), host, ['s3.test']);
    if (Buffer.byteLength(key) > 1024) throw new Error('a key over 1,024 bytes');
    if (!`/${bucket}/${key}`.endsWith(path) && !`/${bucket}`.startsWith(path))
      throw new Error('bucket and key are not the path');
    // Whatever was sent, what is signed is one form of it, and reads the same.
    const again = parseTarget(canonicalPath(path), 'localhost', []).path;
    if (again !== path) throw new Error(`${JSON.stringify(path)} reads again as ${JSON.stringify(again)}`);
    return true;
  },
};

const POLICIES: Texts = [
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'read',
        Effect: 'Allow',
        Principal: '*',
        Action: ['s3:GetObject', 's3:List*'],
        Resource: ['arn:aws:s3:::photos/*', 'arn:aws:s3:::photos'],
        Condition: {
          StringLike: { 'aws:Referer': ['https://example.test/*'] },
          IpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
        },
      },
    ],
  }),
];

const policies: FuzzTarget = {
  name: 'bucket policies',
  attempt(random) {
    isPublicPolicy(
      parsePolicy(
        variant(POLICIES, random, ['"Deny"', '"NotAction"', '"Bool"', '{"AWS":"*"}', '{"Service":"s3.amazonaws.com"}']),
        'photos',
      ),
    );
    return true;
  },
};

const NOW = Date.parse('2026-01-02T00:00:00Z');
const POST_POLICIES: Texts = [
  JSON.stringify({
    expiration: '2026-01-03T00:00:00.000Z',
    conditions: [
      { bucket: 'photos' },
      ['starts-with', '$key', 'user/'],
      { acl: 'private' },
      { success_action_status: 201 },
      ['content-length-range', 1, 10],
    ],
  }),
];
const FILLED_IN = new Map(
  Object.entries({ bucket: 'photos', key: 'user/a', acl: 'private', success_action_status: '201' }),
);

const postPolicies: FuzzTarget = {
  name: 'policies of forms',
  attempt(random) {
    const text = variant(POST_POLICIES, random, ['"eq"', '"$key"', '["content-length-range",0,', '{"a":"b"}']);
    const policy = parsePostPolicy(Buffer.from(text).toString('base64'));
    checkPostPolicy(policy, FILLED_IN, NOW);
    if (!(policy.size.min >= 0 && policy.size.max >= 0)) throw new Error(`a size of ${JSON.stringify(policy.size)}`);
    return true;
  },
};

const FIXTURES = join(import.meta.dirname, '..', '..', 'src', 'spec', 'fixtures');

function appFiles(extension: '.yaml' | '.toml'): FuzzTarget {
  const paths = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(extension));
  const texts = paths.map((path) => readFileSync(join(FIXTURES, path), 'utf8')) as unknown as Texts;
  return {
    name: `app files (${extension})`,
    attempt(random) {
      const text = variant(texts, random, [
        'services:',
        'connectTo:',
        '  - ',
        '[[mounts]]',
        '&a',
        '*a',
        '!!js ',
        '<<: *a',
      ]);
      parseAppFile({ text, filename: `holdfast${extension}`, directoryName: 'app' });
      return true;
    },
  };
}

export const textTargets: readonly FuzzTarget[] = [
  xml,
  ranges,
  target,
  policies,
  postPolicies,
  appFiles('.yaml'),
  appFiles('.toml'),
];
