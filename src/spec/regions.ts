import { HoldfastError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** Region codes and the cities they stand for: IATA codes, as users of hosted platforms know them. */
export const REGIONS: Readonly<Record<string, string>> = {
  local: 'This machine',
  ams: 'Amsterdam, Netherlands',
  arn: 'Stockholm, Sweden',
  atl: 'Atlanta, Georgia (US)',
  bog: 'Bogotá, Colombia',
  bom: 'Mumbai, India',
  bos: 'Boston, Massachusetts (US)',
  cdg: 'Paris, France',
  den: 'Denver, Colorado (US)',
  dfw: 'Dallas, Texas (US)',
  ewr: 'Secaucus, New Jersey (US)',
  eze: 'Ezeiza, Argentina',
  fra: 'Frankfurt, Germany',
  gdl: 'Guadalajara, Mexico',
  gig: 'Rio de Janeiro, Brazil',
  gru: 'São Paulo, Brazil',
  hkg: 'Hong Kong',
  iad: 'Ashburn, Virginia (US)',
  jnb: 'Johannesburg, South Africa',
  lax: 'Los Angeles, California (US)',
  lhr: 'London, United Kingdom',
  mad: 'Madrid, Spain',
  mia: 'Miami, Florida (US)',
  nrt: 'Tokyo, Japan',
  ord: 'Chicago, Illinois (US)',
  otp: 'Bucharest, Romania',
  phx: 'Phoenix, Arizona (US)',
  qro: 'Querétaro, Mexico',
  scl: 'Santiago, Chile',
  sea: 'Seattle, Washington (US)',
  sin: 'Singapore',
  sjc: 'San Jose, California (US)',
  syd: 'Sydney, Australia',
  waw: 'Warsaw, Poland',
  yul: 'Montreal, Canada',
  yyz: 'Toronto, Canada',
};

/** @throws HoldfastError `region.unknown` with the nearest code */
export function checkRegion(code: string): string {
  if (Object.hasOwn(REGIONS, code)) return code;
  const guess = nearest(code, Object.keys(REGIONS));
  throw new HoldfastError({
    code: 'region.unknown',
    kind: 'invalid',
    message: `there is no region "${code}"`,
    hint: `${guess ? `did you mean "${guess}"? ` : ''}\`holdfast regions\` lists them`,
    resource: `region ${code}`,
  });
}
