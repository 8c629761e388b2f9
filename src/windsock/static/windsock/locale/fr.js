// Made by tools/catalogues.py from locale/fr/LC_MESSAGES/django.po.
import { learn } from "../language.js";
learn({"language":"fr","plurals":["one","other"],"messages":{}});
