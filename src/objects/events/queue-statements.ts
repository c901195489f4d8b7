import type { QueueDatabase } from './queue-database.ts';

const OF_KEY = 'webhook = ? AND bucket = ? AND key = ?';

/** All SQL of the delivery queue, prepared once. */
export function queueStatements(database: QueueDatabase) {
  return {
    getState: database.prepare('SELECT value FROM state WHERE name = ?'),
    setState: database.prepare('INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)'),
    removeState: database.prepare('DELETE FROM state WHERE name = ?'),
    buckets: database.prepare('SELECT number, name, rules FROM bucket'),
    setBucket: database.prepare('INSERT OR REPLACE INTO bucket (number, name, rules) VALUES (?, ?, ?)'),
    removeBucket: database.prepare('DELETE FROM bucket WHERE number = ?'),
    insert: database.prepare(
      'INSERT OR IGNORE INTO delivery (webhook, bucket, key, stamp, delivery) VALUES (?, ?, ?, ?, ?)',
    ),
    update: database.prepare(`UPDATE delivery SET delivery = ? WHERE ${OF_KEY} AND stamp = ?`),
    remove: database.prepare(`DELETE FROM delivery WHERE ${OF_KEY} AND stamp = ?`),
    first: database.prepare(`SELECT delivery FROM delivery WHERE ${OF_KEY} ORDER BY stamp LIMIT 1`),
    addDue: database.prepare('INSERT OR IGNORE INTO due (webhook, bucket, key, at) VALUES (?, ?, ?, ?)'),
    setDue: database.prepare('INSERT OR REPLACE INTO due (webhook, bucket, key, at) VALUES (?, ?, ?, ?)'),
    removeDue: database.prepare(`DELETE FROM due WHERE ${OF_KEY}`),
    due: database.prepare('SELECT bucket, key FROM due WHERE webhook = ? AND at > ? AND at <= ? ORDER BY at LIMIT ?'),
    nextDue: database.prepare('SELECT at FROM due WHERE webhook = ? AND at > ? ORDER BY at LIMIT 1'),
    addFailed: database.prepare('INSERT OR REPLACE INTO failed (webhook, stamp, delivery) VALUES (?, ?, ?)'),
    getFailed: database.prepare('SELECT delivery FROM failed WHERE webhook = ? AND stamp = ?'),
    removeFailed: database.prepare('DELETE FROM failed WHERE webhook = ? AND stamp = ?'),
    dropOldest: database.prepare(
      'DELETE FROM failed WHERE webhook = ? AND stamp = (SELECT min(stamp) FROM failed WHERE webhook = ?)',
    ),
    failed: database.prepare('SELECT delivery FROM failed WHERE webhook = ? AND stamp > ? ORDER BY stamp LIMIT ?'),
    webhooks: database.prepare('SELECT webhook FROM due UNION SELECT webhook FROM failed'),
    count: database.prepare(
      `SELECT (SELECT count(*) FROM delivery WHERE webhook = ?) AS pending,
              (SELECT count(*) FROM failed WHERE webhook = ?) AS failed`,
    ),
    forget: ['delivery', 'due', 'failed'].map((table) => database.prepare(`DELETE FROM ${table} WHERE webhook = ?`)),
  };
}
