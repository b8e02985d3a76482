// SPDX-License-Identifier: Apache-2.0
// Runs the statements of a file, one a line, and prints the SQLSTATE of each line "# name".
// node operations.js FILE simple|extended|prepared
const { Client } = require('pg');
const { readFileSync } = require('node:fs');

const [file, mode] = process.argv.slice(2);
let prepared = 0;

function query(text) {
  if (mode === 'simple') return text;
  return mode === 'prepared' ? { text, name: `s${prepared++}` } : { text, queryMode: 'extended' };
}

async function main() {
  const client = new Client();
  await client.connect();
  for (const block of readFileSync(file, 'utf8').split(/^# /m).slice(1)) {
    const [name, ...lines] = block.trim().split('\n');
    let state = null;
    for (const line of lines) {
      await client.query(query(line)).catch((error) => { state ||= error.code; });
    }
    console.log(name, state || 'done');
  }
  await client.end();
}

main().catch((error) => { console.error(error); process.exit(1); });
