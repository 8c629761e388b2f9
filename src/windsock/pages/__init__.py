"""The pages, in slices: `airports` (choose one), `board`, `display`, `flight`, `console`, `account`.

Each slice has its views and `urls.py` here and its templates in `templates/windsock/<slice>/`. What slices share lies
beside them: `layout.py` and `guards.py`, `places.py`, and the templates directly in `templates/windsock/`. All words
about flights are `windsock.wording`'s.
"""
