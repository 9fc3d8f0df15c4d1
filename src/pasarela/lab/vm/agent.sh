#!/bin/sh
# Runs commands that come over the second serial line: a line is one command in base64; the answer
# is its output in base64, a line each, and a last line with its exit code.
stty -F /dev/ttyS1 raw -echo
exec < /dev/ttyS1 > /dev/ttyS1
echo READY
while read -r line; do
    echo "$line" | base64 -d > /tmp/command
    sh /tmp/command > /tmp/output 2>&1 < /dev/null
    code=$?
    base64 /tmp/output
    echo "END $code"
done
