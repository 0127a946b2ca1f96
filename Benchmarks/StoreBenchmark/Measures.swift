import Glibc
import Platform

func fail(_ text: String) -> Never {
    let bytes = Array((text + "\n").utf8)
    _ = write(2, bytes, bytes.count)
    exit(2)
}

/// User and system time of this process.
func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

func peakMegabytes() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
}

/// What is in memory now.
func residentMegabytes() -> Double {
    let text = (try? FileIO.readText("/proc/self/statm", maximumBytes: 4096)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
}

func wallSeconds() -> Double { Double(Clocks.monotonicNanoseconds()) / 1e9 }

/// Who reads a pipe sees the line at once.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
