LANGUAGES = {"shell"}
