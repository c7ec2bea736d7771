/// The scripts that shells load. They ask the program itself, so that records and actions of the deployment are offered as
/// well as the declared commands.
enum CompletionScript {
    static let bash = #"""
        # bash completion for tenon
        _tenon() {
            local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
            case $previous in
                --data) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
                --file|-f|--output|-o|--errors|-e|--token-file|--password-file|--admin-password-file)
                    mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
            esac
            mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
            if [[ ${#COMPREPLY[@]} -eq 0 ]]; then compopt -o default; fi
        }
        complete -F _tenon tenon
        """#

    static let zsh = #"""
        #compdef tenon
        # zsh completion for tenon
        _tenon() {
            local -a found
            case $words[CURRENT-1] in
                --data) _files -/; return ;;
                --file|-f|--output|-o|--errors|-e|--token-file|--password-file|--admin-password-file) _files; return ;;
            esac
            found=("${(@f)$("$words[1]" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            if [[ -n "$found" ]]; then compadd -- $found; else _files; fi
        }
        if [ "$funcstack[1]" = "_tenon" ]; then _tenon "$@"; else compdef _tenon tenon; fi
        """#

    static let fish = #"""
        # fish completion for tenon
        function __tenon_complete
            set -l words (commandline -opc) (commandline -ct)
            $words[1] complete -- $words[2..-1] 2>/dev/null
        end
        complete -c tenon -f -a '(__tenon_complete)'
        complete -c tenon -l data -r -a '(__fish_complete_directories)'
        complete -c tenon -l file -l errors -l output -l token-file -l password-file -r -F
        """#
}
