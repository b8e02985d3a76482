// SPDX-License-Identifier: Apache-2.0
// Says whatever node-postgres can say to a server, and prints all that it hears.
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');
const copy = require('pg-copy-streams');
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');

function show(label, value) {
  console.log(label, JSON.stringify(value));
}

function shape(result) {
  if (Array.isArray(result)) return result.map(shape);
  const { command, rowCount, rows, fields } = result;
  const types = fields.map((f) => [f.name, f.dataTypeID < 16384 ? f.dataTypeID : 'own', f.format]);
  return { command, rowCount, rows, types };
}

async function ask(client, label, ...query) {
  try {
    show(label, shape(await client.query(...query)));
  } catch (error) {
    const { code, severity, message, detail, position, table, constraint } = error;
    show(label, { code, severity, message, detail, position, table, constraint });
  }
}

async function simple(client) {
  await ask(client, 'create', 'create table item (id int primary key, name text, price numeric)');
  await ask(client, 'many', "insert into item values (1, 'a', 1.5); select * from item; select 2 as two");
  await ask(client, 'many fail', 'insert into item values (2); insert into item values (1)');
  await ask(client, 'nothing', '');
  await ask(client, 'types', "select null as n, true as b, '{1,2}'::int[] as a, '{\"x\":1}'::jsonb as j");
  await ask(client, 'notice', "do $$ begin raise notice 'hear'; end $$");
}

async function extended(client) {
  await ask(client, 'insert', 'insert into item values ($1, $2, $3) returning *', [3, 'c', '9.99']);
  await ask(client, 'twice', 'insert into item values ($1, $2)', [3, 'again']);
  await ask(client, 'wrong', 'select * from missing where a = $1', [1]);
  await ask(client, 'mode', { text: 'alter table item add note text', queryMode: 'extended' });
  for (let round = 0; round < 3; round++) {
    const name = 'by_id';
    await ask(client, 'named', { name, text: 'select name, price from item where id = $1', values: [round + 1] });
  }
  await ask(client, 'rows', { text: 'select g from generate_series(1, 5) g', rowMode: 'array' });
}

async function transactions(client) {
  await ask(client, 'begin', 'begin');
  await ask(client, 'in it', 'insert into item values ($1, $2)', [10, 'ten']);
  await ask(client, 'savepoint', 'savepoint here');
  await ask(client, 'fails', 'insert into item values ($1, $2)', [10, 'ten']);
  await ask(client, 'aborted', 'select 1');
  await ask(client, 'aborted', 'select $1::int', [1]);
  await ask(client, 'back', 'rollback to savepoint here');
  await ask(client, 'again', 'select count(*) from item');
  await ask(client, 'commit', 'commit');
  await ask(client, 'begin', 'begin');
  await ask(client, 'fails', 'select 1/0');
  await ask(client, 'commit', 'commit');
}

async function copies(client) {
  const into = client.query(copy.from('copy item (id, name) from stdin'));
  const lines = Array.from({ length: 2000 }, (_, n) => `${n + 100}\tname ${n}\n`);
  await pipeline(Readable.from(lines), into);
  show('copied in', into.rowCount);
  let size = 0;
  const out = client.query(copy.to('copy (select * from item order by id) to stdout'));
  out.on('data', (chunk) => { size += chunk.length; });
  await new Promise((resolve, reject) => out.on('end', resolve).on('error', reject));
  show('copied out', size); // its rowCount may come after the end
  const bad = client.query(copy.from('copy item (id, name) from stdin'));
  await pipeline(Readable.from(['1\tagain\n']), bad).catch((e) => show('copy fails', [e.code, e.detail]));
  await ask(client, 'after', 'select count(*) from item');
}

async function cursors(client) {
  await ask(client, 'begin', 'begin');
  const cursor = client.query(new Cursor('select id from item where id >= $1 order by id', [100]));
  for (const count of [3, 500, 1]) {
    const rows = await cursor.read(count);
    show('cursor', [rows.length, rows[0], rows[rows.length - 1]]);
  }
  await cursor.close();
  await ask(client, 'commit', 'commit');
}

async function notifications(client, other) {
  const heard = new Promise((resolve) => client.once('notification', (m) => resolve([m.channel, m.payload])));
  await ask(client, 'listen', 'listen news');
  await ask(other, 'notify', "select pg_notify('news', $1)", ['something']);
  show('heard', await heard);
}

async function cancellation(client) {
  const sleeping = ask(client, 'cancelled', 'select pg_sleep(30)');
  await new Promise((resolve) => setTimeout(resolve, 300));
  new Client().cancel(client, client.activeQuery || client._activeQuery);
  await sleeping;
  await ask(client, 'after', 'select 1 as one');
}

async function pooled() {
  const pool = new Pool({ max: 4 });
  const asked = Array.from({ length: 20 }, (_, n) =>
    pool.query('insert into item values ($1, $2) returning id', [5000 + n, 'pooled']));
  show('pooled', (await Promise.all(asked)).map((r) => r.rows[0].id));
  await pool.end();
}

async function main() {
  const [client, other] = [new Client(), new Client()];
  client.on('notice', (notice) => show('notice', [notice.severity, notice.message]));
  await client.connect();
  await other.connect();
  await simple(client);
  await extended(client);
  await transactions(client);
  await copies(client);
  await cursors(client);
  await notifications(client, other);
  await cancellation(client);
  await pooled();
  await ask(client, 'drop', 'drop table item');
  await client.end();
  await other.end();
}

main().catch((error) => { console.error(error); process.exit(1); });
