/*
 * Plays the scenarios of FG_SCENARIOS with the AWS SDK for JavaScript, one test of node:test each.
 *
 * What a step means is said in script.py; this is the same reading, for values of JavaScript. The endpoint, the region and
 * the credentials come by the environment, as the SDK reads them.
 */
"use strict";

const fs = require("node:fs");
const test = require("node:test");
const sdk = require("@aws-sdk/client-api-gateway");

const script = JSON.parse(fs.readFileSync(process.env.FG_SCENARIOS, "utf8"));
const client = new sdk.APIGatewayClient({ maxAttempts: 1 });

class Mismatch extends Error {}

function filled(thing, names) {
  if (typeof thing === "string") return thing.replace(/\$\{(\w+)\}/g, (_, name) => names[name]);
  if (Array.isArray(thing)) return thing.map((one) => filled(one, names));
  if (thing === null || typeof thing !== "object") return thing;
  return Object.fromEntries(Object.entries(thing).map(([key, one]) => [filled(key, names), filled(one, names)]));
}

/* ---- what is expected ---- */

const textOf = (value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value);
const shown = (value) => JSON.stringify(textOf(value));

function members(want, got, names, where) {
  if (got === null || typeof got !== "object") throw new Mismatch(`${where} is ${shown(got)}, not an object`);
  for (const [name, value] of Object.entries(want)) {
    const isThere = got[name] !== undefined;
    if (value === "@absent" && isThere) throw new Mismatch(`${where}.${name} is there: ${shown(got[name])}`);
    if (value === "@absent") continue;
    if (!isThere) throw new Mismatch(`${where}.${name} is missing`);
    compare(value, got[name], names, `${where}.${name}`);
  }
}

function holds(want, got, names, where) {
  for (const one of want) {
    const fits = got.some((candidate) => {
      const tried = { ...names };
      try {
        compare(one, candidate, tried, where);
      } catch (error) {
        if (error instanceof Mismatch) return false;
        throw error;
      }
      Object.assign(names, tried);
      return true;
    });
    if (!fits) throw new Mismatch(`${where} has nothing like ${shown(one)}: ${shown(got)}`);
  }
}

function compareMarked(word, got, names, where) {
  if (word.startsWith("@keep ")) {
    names[word.slice(6)] = got;
  } else if (word === "@date") {
    if (!(got instanceof Date) || Number.isNaN(got.getTime()) || got.getMilliseconds() !== 0) {
      throw new Mismatch(`${where} is no date: ${shown(got)}`);
    }
  } else if (word.startsWith("@like ")) {
    if (!new RegExp(`^(?:${word.slice(6)})$`, "s").test(textOf(got))) {
      throw new Mismatch(`${where} is ${shown(got)}, not like ${word.slice(6)}`);
    }
  } else if (word !== "@any") {
    throw new Error(word);
  }
}

function compareObject(want, got, names, where) {
  if ("@has" in want) return members(want["@has"], got, names, where);
  if ("@holds" in want) return holds(want["@holds"], got, names, where);
  if ("@json" in want) return compare(want["@json"], JSON.parse(textOf(got)), names, where);
  members(want, got, names, where);
  const besides = Object.keys(got).filter((name) => got[name] !== undefined && !(name in want));
  if (besides.length > 0) throw new Mismatch(`${where} has ${besides} besides`);
}

function compare(want, got, names, where) {
  if (typeof want === "string" && want.startsWith("@")) return compareMarked(want, got, names, where);
  if (Array.isArray(want)) {
    if (!Array.isArray(got) || got.length !== want.length) {
      throw new Mismatch(`${where} is ${shown(got)}, not ${want.length} items`);
    }
    return want.forEach((one, index) => compare(one, got[index], names, `${where}[${index}]`));
  }
  if (want !== null && typeof want === "object") return compareObject(want, got, names, where);
  if (textOf(got) !== want) throw new Mismatch(`${where} is ${shown(got)}, not ${shown(want)}`);
}

/* ---- running ---- */

async function answered(operation, asked) {
  if (asked.body?.["@bytes"] !== undefined) asked.body = Buffer.from(asked.body["@bytes"]);
  const { $metadata: metadata, ...got } = await client.send(new sdk[`${operation}Command`](asked));
  if (metadata.httpStatusCode !== script.status[operation]) throw new Mismatch(`status ${metadata.httpStatusCode}`);
  return got;
}

async function step([operation, given, expected], number, names) {
  const asked = filled(given, names);
  const due = filled(expected, names);
  const where = `step ${number}, ${operation} ${JSON.stringify(asked).slice(0, 300)}`;
  let got;
  try {
    got = await answered(operation, asked);
  } catch (error) {
    if (error instanceof Mismatch || error.$metadata === undefined) throw error;
    if (due !== error.name && due !== `${error.name}: ${error.message}`) {
      throw new Mismatch(`${where}: refused with ${error.name}: ${error.message}`);
    }
    return;
  }
  if (typeof due === "string") throw new Mismatch(`${where}: granted with ${shown(got)}, but ${due} is due`);
  members(due, got, names, where);
}

for (const scenario of script.scenarios) {
  test(scenario.title, async () => {
    const names = { ...script.names };
    for (const [index, one] of scenario.steps.entries()) await step(one, index + 1, names);
  });
}
