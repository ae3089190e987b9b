@echo off
rem Written by "bridge-agent autostart on"; "autostart off" removes it.
if not "%~1"=="minimised" (
  start "Diem danh" /min cmd /c call "%~f0" minimised
  exit /b
)
chcp 65001 >nul
set PYTHONUTF8=1
:again
@COMMAND@
if %ERRORLEVEL%==0 exit /b
timeout /t 2 /nobreak >nul
goto again
