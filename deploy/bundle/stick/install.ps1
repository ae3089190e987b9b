# Finds a Python that fits, then install.py does the work.
# Started by install.cmd, which a double click starts. Windows PowerShell 5.1 and newer.
$ErrorActionPreference = 'Continue'
$script = Join-Path $PSScriptRoot 'install.py'
$asked = $args

function Invoke-Python([string[]] $python, [string[]] $more) {
    $rest = @()
    if ($python.Length -gt 1) { $rest = $python[1..($python.Length - 1)] }
    & $python[0] @rest @more
}

$candidates = @(
    @('py', '-3.13'), @('py', '-3.12'), @('py', '-3.14'), @('py', '-3.11'), @('python'), @('python3')
)
$newest = $null
$right = 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))'
foreach ($python in $candidates) {
    if (-not (Get-Command $python[0] -ErrorAction SilentlyContinue)) { continue }
    # The Store's python.exe, which is there without Python, ends with a code other than 0.
    Invoke-Python $python @('-I', '-c', $right) 2>$null | Out-Null
    if ($LASTEXITCODE -ne 0) { continue }
    if ($null -eq $newest) { $newest = $python }
    Invoke-Python $python (@('-I', '-B', '-X', 'utf8', $script, 'fits') + $asked) 2>$null | Out-Null
    if ($LASTEXITCODE -eq 0) {
        $newest = $python
        break
    }
}
if ($null -ne $newest) {
    Invoke-Python $newest (@('-I', '-B', '-X', 'utf8', $script) + $asked) # where nothing fits, it says why
    exit $LASTEXITCODE
}
if ("$env:DIEMDANH_LANGUAGE" -like 'en*') {
    Write-Host 'This PC has no Python 3.11 to 3.14 (64-bit).'
    Write-Host 'Get "Windows installer (64-bit)" from https://www.python.org/downloads/windows/ and double-click it:'
    Write-Host 'choose "Install Now" without "Use admin privileges". Then double-click install.cmd again.'
} else {
    Write-Host 'Máy này chưa có Python 3.11 đến 3.14 (64-bit).'
    Write-Host 'Hãy tải "Windows installer (64-bit)" ở https://www.python.org/downloads/windows/ và bấm đúp để cài:'
    Write-Host 'chọn "Install Now", bỏ chọn "Use admin privileges". Rồi bấm đúp install.cmd lần nữa.'
}
exit 2
