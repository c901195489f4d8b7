/** A prefix of commands that makes root ask for permission as everybody does: without the capabilities to go past it. */
export const WITHOUT_OVERRIDE: readonly string[] =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'] : [];
