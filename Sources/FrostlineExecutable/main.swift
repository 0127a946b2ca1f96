import CommandLine

runFrostline()
