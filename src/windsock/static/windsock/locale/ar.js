// Made by tools/catalogues.py from locale/ar/LC_MESSAGES/django.po.
import { learn } from "../language.js";
learn({"language":"ar","plurals":["zero","one","two","few","many","other"],"messages":{}});
