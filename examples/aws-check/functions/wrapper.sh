#!/bin/sh
# Lambda starts this in place of the runtime (AWS_LAMBDA_EXEC_WRAPPER), which it names another handler.
export _HANDLER=/var/task/wrapped.handler
exec "$@"
