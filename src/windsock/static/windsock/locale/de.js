// Made by tools/catalogues.py from locale/de/LC_MESSAGES/django.po.
import { learn } from "../language.js";
learn({"language":"de","plurals":["one","other"],"messages":{}});
