// Words the flights given on stdin: {names, cases: [{flight, direction, airport, zone, now, because}]} → rows and models, as JSON.
import { readFileSync } from "node:fs";
import { isPast } from "../../src/windsock/static/windsock/board-choice.js";
import { boardRow, inWindow, presentFlight } from "../../src/windsock/static/windsock/wording.js";

const { names, cases } = JSON.parse(readFileSync(0, "utf8"));
const HOUR = 3_600_000;
process.stdout.write(JSON.stringify(cases.map(({ flight, direction, airport, zone, now, because }) => {
  const moment = new Date(now);
  const context = { direction, airport, zone, now: moment, names, because };
  const window = inWindow(flight, direction, new Date(moment.getTime() - HOUR / 2), new Date(moment.getTime() + 6 * HOUR));
  const row = boardRow(flight, context);
  return { row, shown: presentFlight(flight, context), window, past: isPast(flight, row, direction, moment.getTime()) };
})));
