# What an interactive shell on a machine of the lab starts with.
PS1="[$PASARELA_LAB] \h:\w# "
command -v pasarela >/dev/null && eval "$(pasarela completion bash)"
