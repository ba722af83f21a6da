# shellcheck shell=bash
# topupd: what bash completes. A test compares the options with --help.

_topupd_options() {
	echo -c --config --check --restore --log --version --help
}

_topupd() {
	local word=${COMP_WORDS[COMP_CWORD]}
	local before=${COMP_WORDS[COMP_CWORD - 1]}
	# The sign is a word of its own.
	[[ $before != = ]] || before=${COMP_WORDS[COMP_CWORD - 2]}
	[[ $word != = ]] || word=
	case $before in
	-c | --config | --restore)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	--log) mapfile -t COMPREPLY < <(compgen -W 'syslog stderr both' -- "$word") ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$(_topupd_options)" -- "$word") ;;
	esac
}

complete -o filenames -F _topupd topupd
