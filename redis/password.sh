# To be sourced: sets REDIS_PASSWORD, as it was given or from the file that is mounted; empty if there is neither. Ends with an
# error if that file may not be read, or holds no password: none is not a choice then.
secret=/run/secrets/redis_password
if [ -z "${REDIS_PASSWORD:-}" ] && [ ! -c $secret ]; then # /dev/null is mounted where there is no file
  unset REDIS_PASSWORD # or it would be passed on to every program
  REDIS_PASSWORD=$(cat $secret)
  REDIS_PASSWORD=${REDIS_PASSWORD%"$(printf '\r')"}
  if [ -z "$REDIS_PASSWORD" ]; then
    echo 'REDIS_PASSWORD_FILE: the file is empty; expected one whose only line is the password' >&2
    exit 1
  fi
fi
case ${REDIS_PASSWORD:=} in
  *["$(printf '\n\r')"]*)
    echo 'REDIS_PASSWORD, or the file of REDIS_PASSWORD_FILE, has more than one line; expected one' >&2
    exit 1
    ;;
esac
