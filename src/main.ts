#!/usr/bin/env node
process.stdout.write('dccd\n')
