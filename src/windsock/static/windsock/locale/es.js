// Made by tools/catalogues.py from locale/es/LC_MESSAGES/django.po.
import { learn } from "../language.js";
learn({"language":"es","plurals":["one","other"],"messages":{}});
