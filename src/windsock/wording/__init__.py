"""What people read about flights, in one voice: pages, the terminal and whoever sends messages use the same words.

Pure functions from a state and a clock to phrases: no Django, no HTML, no color. `status` words where a flight stands,
`board` a row of a board, `changes` what happened, `programmes` what holds up an airport, `durations` minutes and ages.
The browser has the same words (`static/windsock/wording.js`, `programmes.js`); the tables `tests/js/wording.json` and
`tests/js/programmes.json` hold both to them, so that a row does not change its wording when the live update replaces
the one that the server rendered.
"""
