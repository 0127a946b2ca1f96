import CommandLine

FrostlineCommand.main()
