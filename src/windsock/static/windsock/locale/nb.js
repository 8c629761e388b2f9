// Made by tools/catalogues.py from locale/nb/LC_MESSAGES/django.po.
import { learn } from "../language.js";
learn({"language":"nb","plurals":["one","other"],"messages":{}});
