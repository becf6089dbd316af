// The camera of this browser: a frame each half second goes to the page, the next one once the last is answered.
const EVERY = 500; // milliseconds
const LONGEST = 480; // pixels of the longer side of a frame; the networks see fewer
const PATIENCE = 5000; // milliseconds after which a frame counts as lost, as Streamlit drops those of a lost connection

const PROBLEMS = {
  NotAllowedError: 'This browser may not use the camera. Allow it in the address bar and start again, or drop photos instead.',
  NotFoundError: 'No camera was found. Connect one and start again, or drop photos instead.',
  NotReadableError: 'Another program uses the camera. Close it and start again, or drop photos instead.',
  insecure: 'Browsers offer the camera only to pages opened at localhost or over https. Drop photos instead.',
};

const cameras = new WeakMap(); // by the element of the component: a rerun of the page calls this script again

function createCamera(parent) {
  const [video, problem, start, keep, stop] = ['video', '.problem', '.start', '.keep', '.stop'].map((name) => parent.querySelector(name));
  const canvas = document.createElement('canvas');
  const camera = { answered: 0, send: () => {}, stop: () => show(null) };
  let stream = null;
  let timer = null;
  let sent = 0;
  let sentAt = 0;

  const say = (sentence) => { problem.textContent = sentence; problem.hidden = !sentence; };

  const show = (live) => {
    if (stream && stream !== live) for (const track of stream.getTracks()) track.stop();
    stream = live;
    video.srcObject = live;
    video.hidden = keep.hidden = stop.hidden = !live;
    start.hidden = Boolean(live);
    clearInterval(timer);
    timer = live ? setInterval(look, EVERY) : null;
  };

  const frame = () => {
    const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL('image/jpeg', 0.85);
  };

  const look = () => {
    if (!video.isConnected) { show(null); return; } // the component was removed
    if (document.hidden || !video.videoWidth) return;
    if (camera.answered < sent && Date.now() - sentAt < PATIENCE) return;
    sent = Math.max(sent, camera.answered) + 1;
    sentAt = Date.now();
    camera.send('frame', { number: sent, jpeg: frame() });
  };

  start.onclick = async () => {
    say('');
    if (!navigator.mediaDevices?.getUserMedia) { say(PROBLEMS.insecure); return; }
    try {
      const live = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
      live.getVideoTracks()[0].onended = () => { show(null); say('The camera was disconnected. Start it again, or drop photos instead.'); };
      show(live);
      await video.play();
      keep.focus();
    } catch (error) {
      show(null);
      say(PROBLEMS[error.name] ?? `The camera cannot be used (${error.name}). Drop photos instead.`);
    }
  };
  keep.onclick = () => { if (video.videoWidth) camera.keep(frame()); };
  stop.onclick = () => { show(null); start.focus(); };
  return camera;
}

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const camera = cameras.get(parentElement) ?? createCamera(parentElement);
  cameras.set(parentElement, camera);
  camera.answered = Math.max(camera.answered, data.answered);
  camera.send = setStateValue;
  camera.keep = (jpeg) => setTriggerValue('kept', jpeg);
}
